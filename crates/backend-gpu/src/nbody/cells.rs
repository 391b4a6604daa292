//! Vectors of f64 as the cells of the shaders (`shaders/numbers/`), and back.

use kernels_core::Precision;

/// The bytes of one cell.
pub(super) const fn size(precision: Precision) -> u64 {
    match precision {
        Precision::F64 | Precision::Mixed => 32,
        Precision::F32 => 16,
    }
}

/// The bytes of a number that takes part in a force.
pub(super) const fn real_size(precision: Precision) -> u64 {
    match precision {
        Precision::F64 => 8,
        Precision::Mixed | Precision::F32 => 4,
    }
}

/// Appends a vector and a weight.
pub(super) fn push(precision: Precision, [x, y, z]: [f64; 3], weight: f64, out: &mut Vec<u8>) {
    let numbers = [x, y, z, weight];
    let high = numbers.map(|x| x as f32);
    match precision {
        Precision::F64 => out.extend_from_slice(bytemuck::bytes_of(&numbers)),
        Precision::F32 => out.extend_from_slice(bytemuck::bytes_of(&high)),
        Precision::Mixed => {
            let low = numbers.map(low);
            out.extend_from_slice(bytemuck::bytes_of(&high));
            out.extend_from_slice(bytemuck::bytes_of(&low));
        }
    }
}

/// The vectors of cells, in other units.
pub(super) fn vectors(
    precision: Precision,
    bytes: &[u8],
    unit: impl Fn(f64) -> f64,
) -> Vec<[f64; 3]> {
    let cells = bytes.chunks_exact(size(precision) as usize);
    cells.map(|cell| vector(precision, cell).map(&unit)).collect()
}

fn vector(precision: Precision, cell: &[u8]) -> [f64; 3] {
    match precision {
        Precision::F64 => {
            let [x, y, z, _]: [f64; 4] = bytemuck::pod_read_unaligned(cell);
            [x, y, z]
        }
        Precision::F32 => {
            let [x, y, z, _]: [f32; 4] = bytemuck::pod_read_unaligned(cell);
            [x, y, z].map(f64::from)
        }
        Precision::Mixed => {
            let [high, low]: [[f32; 4]; 2] = bytemuck::pod_read_unaligned(cell);
            std::array::from_fn(|k| f64::from(high[k]) + f64::from(low[k]))
        }
    }
}

/// Appends a factor: a number by which the shader scales vectors.
pub(super) fn push_factor(precision: Precision, factor: f64, out: &mut Vec<u8>) {
    match precision {
        Precision::F64 => out.extend_from_slice(&factor.to_ne_bytes()),
        Precision::F32 => out.extend_from_slice(&(factor as f32).to_ne_bytes()),
        Precision::Mixed => {
            out.extend_from_slice(&(factor as f32).to_ne_bytes());
            out.extend_from_slice(&low(factor).to_ne_bytes());
        }
    }
}

/// Appends a number that takes part in a force.
pub(super) fn push_real(precision: Precision, x: f64, out: &mut Vec<u8>) {
    match precision {
        Precision::F64 => out.extend_from_slice(&x.to_ne_bytes()),
        Precision::F32 | Precision::Mixed => out.extend_from_slice(&(x as f32).to_ne_bytes()),
    }
}

/// The reals that a shader wrote.
pub(super) fn reals(precision: Precision, bytes: &[u8]) -> Vec<f64> {
    match precision {
        Precision::F64 => bytes.chunks_exact(8).map(bytemuck::pod_read_unaligned).collect(),
        Precision::F32 | Precision::Mixed => {
            let single = |x: &[u8]| f64::from(bytemuck::pod_read_unaligned::<f32>(x));
            bytes.chunks_exact(4).map(single).collect()
        }
    }
}

/// What an f32 leaves of an f64.
fn low(x: f64) -> f32 {
    (x - f64::from(x as f32)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_to_the_precision_they_have() {
        let vector = [0.1, -2.0 / 3.0, 1e-3];
        for (precision, error) in
            [(Precision::F64, 0.0), (Precision::Mixed, 1e-14), (Precision::F32, 1e-7)]
        {
            let mut bytes = Vec::new();
            push(precision, vector, 1.0, &mut bytes);
            assert_eq!(bytes.len() as u64, size(precision));
            let back = vectors(precision, &bytes, |x| x)[0];
            for k in 0..3 {
                assert!((back[k] - vector[k]).abs() <= error * vector[k].abs(), "{back:?}");
            }
        }
    }

    #[test]
    fn factors_and_reals_have_the_size_of_their_precision() {
        for (precision, factor, real) in
            [(Precision::F64, 8, 8), (Precision::Mixed, 8, 4), (Precision::F32, 4, 4)]
        {
            let mut bytes = Vec::new();
            push_factor(precision, 0.25, &mut bytes);
            assert_eq!(bytes.len() as u64, factor);
            bytes.clear();
            push_real(precision, 0.25, &mut bytes);
            assert_eq!((bytes.len() as u64, real_size(precision)), (real, real));
            assert_eq!(reals(precision, &bytes), [0.25]);
        }
    }
}
