//! Compute programs: shader text, the buffers it sees and its entry points.

use std::borrow::Cow;

use kernels_core::Error;
use wgpu::{BindGroup, BindGroupLayout, Buffer, ComputePipeline, PipelineLayout, ShaderModule};

use super::Device;

/// A shader with its layout: all its storage buffers, in the order of their binding numbers, can be
/// read and written, and every dispatch carries `arguments` bytes of its own.
#[derive(Debug)]
pub(crate) struct Program {
    module: ShaderModule,
    buffers: BindGroupLayout,
    layout: PipelineLayout,
}

impl Program {
    /// Compiles WGSL.
    ///
    /// # Errors
    /// [`Error::Device`] with the complaint of the compiler.
    pub(crate) fn new(
        device: &Device,
        source: &str,
        buffers: u32,
        arguments: u32,
    ) -> Result<Self, Error> {
        device.checked(|device| {
            let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
                label: None,
                source: wgpu::ShaderSource::Wgsl(Cow::Borrowed(source)),
            });
            let entries: Vec<_> = (0..buffers).map(entry).collect();
            let descriptor = wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries };
            let buffers = device.create_bind_group_layout(&descriptor);
            let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: None,
                bind_group_layouts: &[Some(&buffers)],
                immediate_size: arguments,
            });
            Self { module, buffers, layout }
        })
    }

    /// The pipeline of an entry point.
    ///
    /// # Errors
    /// [`Error::Device`] with the complaint of the driver.
    pub(crate) fn entry(&self, device: &Device, name: &str) -> Result<ComputePipeline, Error> {
        device.checked(|device| {
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(name),
                layout: Some(&self.layout),
                module: &self.module,
                entry_point: Some(name),
                compilation_options: wgpu::PipelineCompilationOptions {
                    // The kernels write their workgroup memory before they read it.
                    zero_initialize_workgroup_memory: false,
                    ..Default::default()
                },
                cache: None,
            })
        })
    }

    /// Binds buffers, in the order of their binding numbers.
    ///
    /// # Errors
    /// [`Error::Device`].
    pub(crate) fn bind(&self, device: &Device, buffers: &[&Buffer]) -> Result<BindGroup, Error> {
        let entries: Vec<_> = (0..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding,
                resource: buffer.as_entire_binding(),
            })
            .collect();
        let layout = &self.buffers;
        let descriptor = wgpu::BindGroupDescriptor { label: None, layout, entries: &entries };
        device.checked(|device| device.create_bind_group(&descriptor))
    }
}

fn entry(binding: u32) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Storage { read_only: false },
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    }
}
