//! Compute programs: shader text, the buffers it sees and its entry points.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

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
    pipelines: Mutex<HashMap<&'static str, ComputePipeline>>,
}

/// The programs of a device by their text: compiling one takes longer than running it on a small input.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    compiled: Mutex<HashMap<String, Arc<Program>>>,
}

impl Programs {
    /// The program of this text, compiled where that was not done before.
    ///
    /// # Errors
    /// As [`Program::new`].
    pub(super) fn get(
        &self,
        device: &Device,
        source: String,
        buffers: u32,
        arguments: u32,
    ) -> Result<Arc<Program>, Error> {
        let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(program) = compiled.get(&source) {
            return Ok(Arc::clone(program));
        }
        let program = Arc::new(Program::new(device, &source, buffers, arguments)?);
        compiled.insert(source, Arc::clone(&program));
        Ok(program)
    }
}

impl Program {
    /// Compiles WGSL.
    ///
    /// # Errors
    /// [`Error::Device`] with the complaint of the compiler.
    fn new(device: &Device, source: &str, buffers: u32, arguments: u32) -> Result<Self, Error> {
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
            Self { module, buffers, layout, pipelines: Mutex::default() }
        })
    }

    /// The pipeline of an entry point, built where that was not done before.
    ///
    /// # Errors
    /// [`Error::Device`] with the complaint of the driver.
    pub(crate) fn entry(
        &self,
        device: &Device,
        name: &'static str,
    ) -> Result<ComputePipeline, Error> {
        let mut pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipeline) = pipelines.get(name) {
            return Ok(pipeline.clone());
        }
        let pipeline = device.checked(|device| self.build(device, name))?;
        pipelines.insert(name, pipeline.clone());
        Ok(pipeline)
    }

    fn build(&self, device: &wgpu::Device, name: &str) -> ComputePipeline {
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
