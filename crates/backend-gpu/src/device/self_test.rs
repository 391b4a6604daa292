//! What an adapter computes rightly, found out by letting it compute.
//!
//! - **Double-f32.** Error-free sums and products only work where the compiler leaves them alone and
//!   `fma` rounds once. On Mesa's lavapipe 93 % of plain sums lose their error term and `fma` rounds
//!   twice. The forms are tried from the cheapest on; the first that is exact on [`PAIRS`] pairs is
//!   taken, and where none is, the precision `mixed` is not offered. Differences of near numbers, which leave the digits of
//!   the low parts alone if they are taken in their order, are tried with them.
//! - **Long loops.** Mesa's lavapipe 22.3 silently ends an invocation after 65,535 iterations of its loops. Our
//!   kernels are made to stay below; such an adapter is told all the same (`cli backends`), and CI takes a newer one.
//!
//! Both are only tried where the answer matters: a driver may take 30 ms to compile them.

use std::sync::Arc;

use kernels_core::Error;
use wgpu::ComputePipeline;

use super::Device;
use super::program::Program;
use crate::shaders;

/// How many pairs a form is tried on.
const PAIRS: u32 = 4096;

/// The low parts of near numbers, as a part of the high ones.
const LOW: f32 = 1.0 / (1_u64 << 33) as f32;

/// To where the long loop counts.
const LONG: u32 = 70_000;

/// Which roundings are hidden from the compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guards {
    None,
    /// Those of error-free sums and products.
    Sums,
    /// Those, and of the differences of near numbers, which costs time in each interaction.
    Differences,
}

/// A form of error-free sums and products.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) guards: Guards,
    /// Products take `fma`, else Dekker's halves.
    pub(crate) fma: bool,
}

impl Form {
    /// Every form, the cheapest first.
    pub(crate) const ALL: [Self; 6] = [
        Self { guards: Guards::None, fma: true },
        Self { guards: Guards::Sums, fma: true },
        Self { guards: Guards::None, fma: false },
        Self { guards: Guards::Sums, fma: false },
        Self { guards: Guards::Differences, fma: true },
        Self { guards: Guards::Differences, fma: false },
    ];

    fn name(self) -> String {
        let sums = match self.guards {
            Guards::None => "plain sums",
            Guards::Sums => "guarded sums",
            Guards::Differences => "guarded sums and differences",
        };
        format!("{sums} and {}", if self.fma { "fma" } else { "Dekker's product" })
    }
}

/// The cheapest exact form of double-f32 arithmetic. What does not compile counts as wrong.
///
/// # Errors
/// [`Error::Device`]: the device failed, which says nothing about what it computes.
pub(crate) fn double_f32(device: &Device) -> Result<Option<Form>, Error> {
    let pairs = pairs();
    for form in Form::ALL {
        if is_exact(device, form, &pairs)? {
            return Ok(Some(form));
        }
    }
    Ok(None)
}

/// What [`double_f32`] found and, tried now, whether long loops run to their end, on one line.
///
/// # Errors
/// As [`double_f32`].
pub(crate) fn findings(device: &Device, double_f32: Option<Form>) -> Result<String, Error> {
    Ok(told(double_f32, counts(device)?))
}

fn told(double_f32: Option<Form>, counted: Option<u32>) -> String {
    let double_f32 = match double_f32 {
        Some(form) => format!("double-f32 is exact with {}", form.name()),
        None => "no form of double-f32 is exact, so there is no mixed precision".to_owned(),
    };
    let loops = match counted {
        Some(LONG) => "long loops run to their end".to_owned(),
        Some(count) => format!("a loop to {LONG} ends at {count} (ours are shorter than 32,768)"),
        None => "the trial of a long loop does not compile".to_owned(),
    };
    format!("{double_f32}; {loops}")
}

/// An entry point of a shader, where the driver compiles it.
fn compiled(
    device: &Device,
    source: String,
    buffers: u32,
    entry: &'static str,
) -> Result<Option<(Arc<Program>, ComputePipeline)>, Error> {
    let program = device.program(source, buffers, 4);
    match program.and_then(|program| Ok((program.entry(device, entry)?, program))) {
        Ok((pipeline, program)) => Ok(Some((program, pipeline))),
        Err(_) => device.check().map(|()| None),
    }
}

/// What the shader is given for a pair of f32: the pair, and the high and the low parts of two numbers, a + b / 2^33 and
/// a - a / 2^33. Their difference is lost where the low part of one is added to its high part first.
fn trial([a, b]: [f32; 2]) -> [f32; 6] {
    [a, b, a, a, b * LOW, -a * LOW]
}

/// Pairs of f32 of mixed signs, at most 2^15 apart, such that sums and products are exact in f64.
fn pairs() -> Vec<[f32; 2]> {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        // xorshift64: Marsaglia, J. Stat. Softw. 8, 14 (2003)
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let exponent = i32::try_from(random >> 60).unwrap_or(0) - 8;
        let mantissa = 1.0 + (random as u32 >> 9) as f32 / (1 << 23) as f32;
        let sign = if random & (1 << 40) == 0 { 1.0 } else { -1.0 };
        sign * mantissa * (exponent as f32).exp2()
    };
    (0..PAIRS).map(|_| [next(), next()]).collect()
}

fn is_exact(device: &Device, form: Form, pairs: &[[f32; 2]]) -> Result<bool, Error> {
    let trials: Vec<_> = pairs.iter().copied().map(trial).collect();
    let bytes = size_of_val(&trials[..]) as u64;
    let input = device.storage("the trials of the self-test", bytes)?;
    let output = device.storage("the results of the self-test", bytes)?;
    let secret = device.storage("a zero", 4)?;
    device.write(&input, 0, bytemuck::cast_slice(&trials));
    let source = shaders::exactness(form);
    let Some((program, transform)) = compiled(device, source, 3, "transform")? else {
        return Ok(false);
    };
    let buffers = program.bind(device, &[&input, &output, &secret])?;
    device.run(&transform, &buffers, PAIRS / 64)?;
    let results = device.read(&output, 0..bytes)?;
    let results: &[[f32; 6]] = bytemuck::cast_slice(&results);
    Ok(pairs.iter().zip(results).all(|(pair, result)| is_error_free(*pair, *result)))
}

fn is_error_free(pair: [f32; 2], result: [f32; 6]) -> bool {
    let [a, b] = pair;
    let [sum, sum_low, product, product_low, difference, same] = result;
    let (x, y) = (f64::from(a), f64::from(b));
    [difference, same] == [low_difference(pair); 2]
        && sum == a + b
        && f64::from(sum) + f64::from(sum_low) == x + y
        && product == a * b
        && f64::from(product) + f64::from(product_low) == x * y
}

/// The difference of the two near numbers of a [`trial`].
fn low_difference([a, b]: [f32; 2]) -> f32 {
    (a + b) * LOW
}

/// How far a loop to [`LONG`] comes.
fn counts(device: &Device) -> Result<Option<u32>, Error> {
    let counted = device.storage("a counter", 8)?;
    device.write(&counted, 0, bytemuck::cast_slice(&[LONG, 0]));
    let source = shaders::COUNT.to_owned();
    let Some((program, count)) = compiled(device, source, 1, "count")? else { return Ok(None) };
    let buffers = program.bind(device, &[&counted])?;
    device.run(&count, &buffers, 1)?;
    let bytes = device.read(&counted, 4..8)?;
    Ok(Some(bytemuck::pod_read_unaligned(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_tells_exact_from_rounded() {
        let pairs = pairs();
        let exact = |[a, b]: [f32; 2]| {
            let (sum, product) = (a + b, a * b);
            let (x, y) = (f64::from(a), f64::from(b));
            let low = |exact: f64, high: f32| (exact - f64::from(high)) as f32;
            let difference = low_difference([a, b]);
            [sum, low(x + y, sum), product, low(x * y, product), difference, difference]
        };
        assert!(pairs.iter().all(|&pair| is_error_free(pair, exact(pair))));
        let wrong = |&pair: &[f32; 2]| {
            let [sum, _, product, low, difference, _] = exact(pair);
            !is_error_free(pair, [sum, 0.0, product, low, difference, difference])
        };
        assert!(pairs.iter().filter(|pair| wrong(pair)).count() > pairs.len() / 2);
        // What is left where the low part of one is added to its high part first.
        let lost = |&[a, b]: &[f32; 2]| {
            let [sum, sum_low, product, low, ..] = exact([a, b]);
            !is_error_free([a, b], [sum, sum_low, product, low, b * LOW, b * LOW])
        };
        assert!(pairs.iter().all(lost));
    }

    #[test]
    fn findings_are_told() {
        let none = told(None, Some(65_535));
        assert!(none.contains("no mixed precision") && none.contains("ends at 65535"), "{none}");
        assert!(told(None, None).contains("does not compile"));
        let told = told(Form::ALL.last().copied(), Some(LONG));
        assert!(told.contains("exact with guarded") && told.contains("to their end"), "{told}");
    }
}
