//! What happens when the GPU fails: typed errors or a run on a fresh device, never a panic and never
//! wrong numbers.
#![expect(clippy::print_stdout, reason = "a child process tells its parent what it found")]

use std::io::Read;
use std::process::{Command, ExitCode, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use backend_gpu::{Fault, Gpu};
use common::{mesa_22, not_run, ring, swiftshader, trial, with_device};
use conformance::Required;
use kernels_core::{Availability, Backend, Bodies, Error, NBodyOptions, Precision};
use libtest_mimic::{Arguments, Trial};

mod common;

/// Tells a child process which job to do.
const JOB: &str = "PERF_GPU_FAULT_JOB";

fn main() -> ExitCode {
    match std::env::var(JOB).as_deref() {
        Ok("availability") => print_availability(),
        Ok("endless") => end_while_the_device_computes(),
        Ok("memory") => fill_the_memory(),
        _ => return libtest_mimic::run(&Arguments::from_args(), trials()).exit_code(),
    }
    ExitCode::SUCCESS
}

fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("no_driver_is_told_with_a_remedy", no_driver),
        trial("interface_that_is_not_there_is_told_with_a_remedy", no_interface),
        trial("unknown_adapter_is_told_with_a_remedy", unknown_adapter),
    ];
    trials.extend(with_device(&[
        ("named_adapter_is_taken", named_adapter),
        ("lost_device_is_replaced", lost_between_calls),
        ("lost_device_is_replaced_for_more_than_it_had_room_for", lost_before_more),
        ("run_on_a_lost_device_starts_again", lost_in_a_run),
        ("text_on_a_lost_device_is_counted_on_a_fresh_one", lost_in_a_count),
        ("threads_share_a_device", threads),
        ("words_on_a_lost_device_are_counted_again", lost_while_counting),
        ("validation_error_is_typed", validation),
        ("failed_mapping_is_typed", mapping),
        ("failed_upload_is_told_to_its_thread_alone", upload),
        ("silent_device_is_given_up", silence),
        ("self_test_that_the_device_failed_in_is_made_again", self_test),
        ("program_ends_while_the_device_computes", exit_in_a_kernel),
    ]));
    let with_swiftshader: [(&str, fn()); 3] = [
        ("second_adapter_is_surveyed", second_adapter),
        ("adapter_without_f64_computes_in_mixed", without_f64),
        ("full_memory_is_typed", memory),
    ];
    trials.extend(with_swiftshader.map(|test| with_driver(test, "swiftshader", swiftshader())));
    let cut_loops: (&str, fn()) = ("driver_that_cuts_long_loops_is_told", cut_loops);
    trials.push(with_driver(cut_loops, "mesa-22.3", mesa_22()));
    trials
}

/// A test that needs a driver, which `PERF_REQUIRE` calls so.
fn with_driver(
    (name, check): (&'static str, fn()),
    required: &str,
    driver: Result<&str, &str>,
) -> Trial {
    match driver {
        Ok(_) => trial(name, check),
        Err(reason) => not_run(name, reason, Required::from_env().names(required)),
    }
}

/// This program, doing one job in another environment.
fn child(job: &str, variable: &str, value: &str) -> Output {
    let program = std::env::current_exe().expect("the path of this test");
    Command::new(program).env(JOB, job).env(variable, value).output().expect("a child process")
}

fn print_availability() {
    let gpu = Gpu::new();
    let told = match gpu.availability() {
        Availability::Ready => "ready".to_owned(),
        Availability::Missing { reason, remedy } => format!("{reason}; {remedy}"),
    };
    let kernel = gpu.nbody(&NBodyOptions::default()).err();
    println!("{told}\n{kernel:?}\n{:?}\n{:#?}", gpu.capabilities(), gpu.survey());
}

fn assert_told(output: &Output, parts: &[&str]) {
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    for part in parts {
        assert!(told.contains(part), "no {part:?} in {told}");
    }
}

fn no_driver() {
    let output = child("availability", "VK_DRIVER_FILES", "/nonexistent");
    assert_told(&output, &["no graphics driver found", "; install", "Unavailable"]);
    assert_told(&output, &["lanes: 0, threads: 0, software: false, precisions: [], "]);
}

fn unknown_adapter() {
    let output = child("availability", "WGPU_ADAPTER_NAME", "no such adapter");
    // Where there is no driver at all, that is what is told.
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let remedy =
        if told.contains("no graphics driver") { "; install" } else { "unset WGPU_ADAPTER" };
    assert_told(&output, &[remedy, "Unavailable"]);
}

fn no_interface() {
    let output = child("availability", "WGPU_BACKEND", "vulcan");
    assert_told(&output, &["WGPU_BACKEND names no graphics interface", "unset WGPU_BACKEND"]);
    // A browser's, which a program never has.
    let output = child("availability", "WGPU_BACKEND", "webgpu");
    assert_told(&output, &["webgpu, which is not compiled in", "unset WGPU_BACKEND"]);
}

/// The name of the adapter, without the driver behind it.
fn adapter() -> String {
    let device = Gpu::new().capabilities().device;
    device.split(" (").next().expect("a name").to_owned()
}

fn named_adapter() {
    let name = adapter();
    let output = child("availability", "WGPU_ADAPTER_NAME", &name.to_uppercase());
    assert_told(&output, &["ready", "None", &name, "(chosen): ", "double-f32"]);
    // An empty variable is none.
    for variable in ["WGPU_ADAPTER_NAME", "WGPU_BACKEND"] {
        assert_told(&child("availability", variable, ""), &["ready", "(chosen): "]);
    }
}

/// The drivers that there are anyway, and one more.
fn second_adapter() {
    let driver = swiftshader().expect("it is installed");
    let output = child("availability", "VK_ADD_DRIVER_FILES", driver);
    assert_told(
        &output,
        &["(chosen): ", "adapter SwiftShader Device", "double-f32 is exact with plain"],
    );
}

fn without_f64() {
    let driver = swiftshader().expect("it is installed");
    let output = child("availability", "VK_DRIVER_FILES", driver);
    assert_told(&output, &["ready", "precisions: [Mixed, F32]", "(chosen): double-f32 is exact"]);
}

fn cut_loops() {
    let driver = mesa_22().expect("it is unpacked");
    let output = child("availability", "VK_DRIVER_FILES", driver);
    assert_told(&output, &["ready", "a loop to 70000 ends at 65535 (ours are shorter"]);
}

fn options() -> NBodyOptions {
    NBodyOptions { precision: Some(Precision::F32), softening: 0.01, ..NBodyOptions::default() }
}

fn run(gpu: &Gpu, bodies: &mut Bodies, steps: u64) -> Result<(), Error> {
    gpu.nbody(&options())?.leapfrog(bodies, 1e-3, steps)
}

fn lost_between_calls() {
    let gpu = Gpu::new();
    let mut kernel = gpu.nbody(&options()).expect("a kernel");
    let (mut whole, mut cut) = (ring(700), ring(700));
    kernel.leapfrog(&mut whole, 1e-3, 4).expect("a run");
    kernel.leapfrog(&mut cut, 1e-3, 2).expect("half a run");
    gpu.provoke(Fault::Lost).expect("nothing shows at once");
    kernel.leapfrog(&mut cut, 1e-3, 2).expect("the other half, on a fresh device");
    assert_eq!(whole, cut);
}

/// The loss shows when buffers are made.
fn lost_before_more() {
    let gpu = Gpu::new();
    let mut kernel = gpu.nbody(&options()).expect("a kernel");
    kernel.leapfrog(&mut ring(700), 1e-3, 1).expect("a run");
    gpu.provoke(Fault::Lost).expect("nothing shows at once");
    let (mut more, mut undisturbed) = (ring(900), ring(900));
    kernel.leapfrog(&mut more, 1e-3, 1).expect("a run on a fresh device");
    run(&Gpu::new(), &mut undisturbed, 1).expect("a run");
    assert_eq!(more, undisturbed);

    let mut counter = gpu.word_count(&Default::default()).expect("a counter");
    counter.count(b"to be").expect("counts");
    gpu.provoke(Fault::Lost).expect("nothing shows at once");
    let text = "or not to be ".repeat(100_000);
    let counts = counter.count(text.as_bytes()).expect("counts on a fresh device");
    assert_eq!((counts.len(), counts.total()), (4, 400_000));
}

/// Does `job` while the device is lost, and tells whether that was before the end of it.
fn lost_during(gpu: &Gpu, job: impl FnOnce()) -> bool {
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let loss = scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(30));
            gpu.provoke(Fault::Lost).expect("nothing shows at once");
            !ended.load(Ordering::SeqCst)
        });
        job();
        ended.store(true, Ordering::SeqCst);
        loss.join().expect("no panic")
    })
}

fn lost_in_a_run() {
    let gpu = Gpu::new();
    let is_hit = |steps: u64| {
        let (mut undisturbed, mut disturbed) = (ring(1500), ring(1500));
        run(&gpu, &mut undisturbed, steps).expect("a run");
        let again = || run(&gpu, &mut disturbed, steps).expect("a run that starts again");
        let is_hit = lost_during(&gpu, again);
        assert!(undisturbed == disturbed, "another state after {steps} steps");
        is_hit
    };
    assert!((0..12).any(|doubled| is_hit(60 << doubled)), "every run was too short");
}

fn lost_in_a_count() {
    let gpu = Gpu::new();
    let mut counter = gpu.word_count(&Default::default()).expect("a counter");
    let mut is_hit = |times: usize| {
        let text = "to be or not to be ".repeat(times);
        let undisturbed = counter.count(text.as_bytes()).expect("counts");
        let mut disturbed = None;
        let is_hit = lost_during(&gpu, || disturbed = counter.count(text.as_bytes()).ok());
        assert!(disturbed.is_some_and(|counts| counts == undisturbed), "other counts");
        is_hit
    };
    assert!((0..12).any(|doubled| is_hit(200_000 << doubled)), "every text was too short");
}

/// Kernels on several threads, all of them on one device.
fn threads() {
    let gpu = Gpu::new();
    let text = "To be, or not to be: that is the question. ".repeat(20_000);
    let count = || {
        let mut counter = gpu.word_count(&Default::default()).expect("a counter");
        counter.count(text.as_bytes()).expect("counts")
    };
    let moved = || {
        let mut bodies = ring(1500);
        run(&gpu, &mut bodies, 20).expect("a run");
        bodies
    };
    let (counts, bodies) = (count(), moved());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| assert!(count() == counts, "other counts beside other threads"));
            scope.spawn(|| assert!(moved() == bodies, "another state beside other threads"));
        }
    });
}

fn lost_while_counting() {
    let gpu = Gpu::new();
    let mut counter = gpu.word_count(&Default::default()).expect("a counter");
    let text = "to be or not to be ".repeat(1000);
    let undisturbed = counter.count(text.as_bytes()).expect("counts");
    counter.add(text.as_bytes()).expect("the first half");
    gpu.provoke(Fault::Lost).expect("nothing shows at once");
    counter.add(text.as_bytes()).expect("the other half, on a fresh device");
    let counts = counter.finish().expect("counts");
    assert_eq!((counts.len(), counts.total()), (undisturbed.len(), 2 * undisturbed.total()));
}

fn assert_device_error(result: Result<(), Error>, part: &str) {
    match result {
        Err(Error::Device { reason, remedy, .. }) => {
            assert!(reason.contains(part) && !reason.contains('\n'), "{reason:?}");
            assert!(!remedy.is_empty());
        }
        other => panic!("{other:?} instead of an error of the device"),
    }
}

fn validation() {
    let gpu = Gpu::new();
    assert_device_error(gpu.provoke(Fault::Validation), "parsing error");
    run(&gpu, &mut ring(20), 1).expect("the device still works");
}

/// The KiB of addresses that a driver may take. SwiftShader runs out of them as a card out of memory;
/// lavapipe promises any amount.
const ADDRESSES: u32 = 3 << 20;

fn memory() {
    let program = std::env::current_exe().expect("the path of this test");
    let limited = format!("ulimit -v {ADDRESSES}; exec \"$0\"");
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(limited).arg(program).env(JOB, "memory");
    shell.env("VK_DRIVER_FILES", swiftshader().expect("it is installed"));
    assert_told(&shell.output().expect("a child"), &["out of memory; take a smaller", "goes on"]);
}

fn fill_the_memory() {
    let gpu = Gpu::new();
    println!("{}", gpu.provoke(Fault::Memory).expect_err("no memory is that large"));
    run(&gpu, &mut ring(20), 1).expect("what was taken is given back");
    println!("goes on");
}

fn mapping() {
    let gpu = Gpu::new();
    assert_device_error(gpu.provoke(Fault::Mapping), "");
    run(&gpu, &mut ring(20), 1).expect("a device works");
}

fn upload() {
    let gpu = Gpu::new();
    std::thread::scope(|scope| {
        let (failed, is_failed) = std::sync::mpsc::channel();
        let (gone_on, may_go_on) = std::sync::mpsc::channel();
        let gpu = &gpu;
        scope.spawn(move || {
            gpu.provoke(Fault::Upload).expect("nothing shows at once");
            failed.send(()).expect("somebody waits");
            may_go_on.recv().expect("the other thread goes on");
            assert_device_error(run(gpu, &mut ring(20), 1), "");
            run(gpu, &mut ring(20), 1).expect("the device still works");
        });
        is_failed.recv().expect("the thread that uploads");
        run(gpu, &mut ring(20), 1).expect("nothing failed here");
        gone_on.send(()).expect("somebody waits");
    });
}

fn silence() {
    let gpu = Gpu::new();
    let mut kernel = gpu.nbody(&options()).expect("a kernel");
    kernel.leapfrog(&mut ring(3000), 1e-3, 1).expect("the device answers");
    gpu.provoke(Fault::Silence).expect("nothing shows at once");
    let before = ring(3000);
    let mut bodies = before.clone();
    assert_device_error(kernel.leapfrog(&mut bodies, 1e-3, 200), "did not answer");
    assert_eq!(bodies, before, "a failed run changes nothing");
    run(&gpu, &mut bodies, 1).expect("a fresh device works");
}

fn self_test() {
    let gpu = Gpu::new();
    gpu.provoke(Fault::Silence).expect("nothing shows at once");
    let silent = gpu.capabilities().precisions;
    let precisions = gpu.capabilities().precisions;
    assert_eq!(precisions, Gpu::new().capabilities().precisions, "at first {silent:?}");
}

/// Dropping a device of wgpu waits for its kernel, here for minutes.
fn exit_in_a_kernel() {
    let program = std::env::current_exe().expect("the path of this test");
    let mut child = Command::new(program).env(JOB, "endless").stdout(Stdio::piped()).spawn();
    let child = child.as_mut().expect("a child process");
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("its status") {
            break status;
        }
        if begun.elapsed() > Duration::from_secs(30) {
            child.kill().expect("a running child");
            panic!("it waits for the kernel");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success(), "{status}");
    let mut told = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut told).expect("text");
    assert!(told.contains("did not answer"), "{told}");
}

fn end_while_the_device_computes() {
    let gpu = Gpu::new();
    println!("{}", gpu.provoke(Fault::Endless).expect_err("no answer"));
}
