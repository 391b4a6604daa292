//! The text of every shader, put together from the files of `shaders/`.
//!
//! WGSL has neither modules nor type parameters. So the kernels are written once, in terms of the
//! types and functions of `shaders/numbers/`, and the numbers of a precision are put in front.

use kernels_core::{Precision, text};

use crate::device::self_test::{Form, Guards};

/// [`shaders/count.wgsl`](../src/shaders/count.wgsl)
pub(crate) const COUNT: &str = include_str!("shaders/count.wgsl");

const ROOT_F32: &str = include_str!("shaders/numbers/root_f32.wgsl");

/// The numbers that an N-body program computes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// Everything in f32.
    F32,
    /// Everything in f64.
    F64,
    /// A state in double-f32 of this form, forces in f32.
    Mixed(Form),
}

impl Numbers {
    /// The precision that they give.
    pub(crate) fn precision(self) -> Precision {
        match self {
            Self::F32 => Precision::F32,
            Self::F64 => Precision::F64,
            Self::Mixed(_) => Precision::Mixed,
        }
    }

    fn source(self) -> String {
        match self {
            Self::F32 => include_str!("shaders/numbers/f32.wgsl").to_owned() + ROOT_F32,
            Self::F64 => include_str!("shaders/numbers/f64.wgsl").to_owned(),
            Self::Mixed(form) => {
                exact(form) + include_str!("shaders/numbers/mixed.wgsl") + ROOT_F32
            }
        }
    }
}

/// The error-free transforms in one form.
fn exact(form: Form) -> String {
    let kept = match form.guards {
        Guards::None => include_str!("shaders/exact/plain.wgsl"),
        Guards::Sums | Guards::Differences => include_str!("shaders/exact/guarded.wgsl"),
    };
    let two_product = if form.fma {
        include_str!("shaders/exact/fma.wgsl")
    } else {
        include_str!("shaders/exact/dekker.wgsl")
    };
    let near = match form.guards {
        Guards::None | Guards::Sums => include_str!("shaders/exact/near.wgsl"),
        Guards::Differences => include_str!("shaders/exact/near_guarded.wgsl"),
    };
    [kept, include_str!("shaders/exact/two_sum.wgsl"), two_product, near].concat()
}

/// The program that tries a form.
pub(crate) fn exactness(form: Form) -> String {
    exact(form) + include_str!("shaders/exactness.wgsl")
}

/// The programs of N-body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NBodyShader {
    /// `forces`.
    Forces {
        /// The bodies of a tile.
        tile: u32,
        /// The bodies of an invocation.
        bodies: u32,
        /// The bodies of a turn of the inner loop.
        turn: u32,
    },
    /// `drift`, `kick`, `gather`.
    Step,
    /// `steps`, for at most so many bodies.
    Small {
        /// A multiple of the workgroup's size.
        capacity: u32,
    },
    /// `potential`, `energy`.
    Energy,
}

impl NBodyShader {
    /// What its text takes for given.
    fn constants(self) -> String {
        match self {
            Self::Forces { tile, bodies, turn } => {
                format!("const TILE = {tile}u;\nconst BODIES = {bodies}u;\nconst TURN = {turn}u;\n")
            }
            Self::Small { capacity } => format!("const CAPACITY = {capacity}u;\n"),
            Self::Step | Self::Energy => String::new(),
        }
    }

    fn kernels(self) -> String {
        let pull = include_str!("shaders/pull.wgsl");
        let verlet = include_str!("shaders/verlet.wgsl");
        match self {
            Self::Forces { bodies, turn, .. } => {
                let forces = repeated(include_str!("shaders/forces.wgsl"), '#', turn);
                pull.to_owned() + &repeated(&forces, '$', bodies)
            }
            Self::Step => [verlet, include_str!("shaders/step.wgsl")].concat(),
            Self::Small { .. } => [pull, verlet, include_str!("shaders/small.wgsl")].concat(),
            Self::Energy => include_str!("shaders/energy.wgsl").to_owned(),
        }
    }
}

/// An N-body program for workgroups of `workgroup` invocations.
pub(crate) fn nbody(shader: NBodyShader, numbers: Numbers, workgroup: u32) -> String {
    let workgroup = format!("const WORKGROUP = {workgroup}u;\n");
    let bodies = include_str!("shaders/bodies.wgsl").to_owned();
    [workgroup, shader.constants(), numbers.source(), bodies, shader.kernels()].concat()
}

/// The text with each line that holds the mark written so many times, a number in place of the mark.
/// Arrays, which WGSL has for this, end up in memory where a compiler does not unroll their loops.
fn repeated(text: &str, mark: char, times: u32) -> String {
    let mut written = String::new();
    for line in text.split_inclusive('\n') {
        if line.contains(mark) && !line.starts_with("//") {
            (0..times).for_each(|number| written += &line.replace(mark, &number.to_string()));
        } else {
            written += line;
        }
    }
    written
}

/// The bytes of a text that one invocation looks through for beginnings of segments.
pub(crate) const STRETCH: u32 = 64;

/// The longest segment that is counted on the device, at least a stretch: with [`PROBES`] it bounds the
/// loops of an invocation well below 65,535 iterations, after which some drivers stop.
pub(crate) const LONGEST: u32 = 512;

/// The slots that a segment is looked for in.
const PROBES: u32 = 16;

/// The word count for workgroups of `workgroup` invocations.
pub(crate) fn word_count(workgroup: u32) -> String {
    let mut source = format!(
        "const WORKGROUP = {workgroup}u;\nconst STRETCH = {STRETCH}u;\n\
         const LONGEST = {LONGEST}u;\nconst PROBES = {PROBES}u;\n"
    );
    let [a, b, c, d] = std::array::from_fn(separators);
    source += &format!("const SEPARATORS = vec4<u32>({a}u, {b}u, {c}u, {d}u);\n");
    source + include_str!("shaders/word_count.wgsl")
}

/// Which of the 32 characters from `32 * word` on are separators, a bit each.
fn separators(word: usize) -> u32 {
    let is_separator = |bit: &u32| text::SEPARATORS[32 * word + *bit as usize];
    (0..32).filter(is_separator).fold(0, |mask, bit| mask | 1 << bit)
}

#[cfg(test)]
mod tests {
    use naga::valid::{Capabilities, ValidationFlags, Validator};

    use super::*;

    /// Compiles without any driver, as wgpu does with one.
    fn validate(source: &str) {
        let module = naga::front::wgsl::parse_str(source)
            .unwrap_or_else(|error| panic!("{}", error.emit_to_string(source)));
        Validator::new(ValidationFlags::all(), Capabilities::FLOAT64 | Capabilities::IMMEDIATES)
            .validate(&module)
            .unwrap_or_else(|error| panic!("{}", error.emit_to_string(source)));
    }

    fn every_number() -> Vec<Numbers> {
        let mixed = Form::ALL.map(Numbers::Mixed);
        [Numbers::F32, Numbers::F64].into_iter().chain(mixed).collect()
    }

    #[test]
    fn the_word_count_is_valid() {
        validate(&word_count(64));
        validate(&word_count(256));
    }

    #[test]
    fn separators_are_a_bit_each() {
        assert_eq!(separators(1) & 1, 1);
        assert_eq!((0..4).map(|word| separators(word).count_ones()).sum::<u32>(), 36);
    }

    #[test]
    fn every_self_test_is_valid() {
        validate(COUNT);
        Form::ALL.into_iter().for_each(|form| validate(&exactness(form)));
    }

    #[test]
    fn lines_are_repeated_for_each_number() {
        assert_eq!(repeated("// a `$`\nlet p$ = x[$u];\nend\n", '$', 2).lines().count(), 4);
        assert!(repeated("p$ = $\n", '$', 3).ends_with("p2 = 2\n"));
        assert_eq!(repeated(&repeated("$#\n", '#', 2), '$', 2), "00\n10\n01\n11\n");
    }

    #[test]
    fn every_nbody_program_is_valid_in_all_numbers() {
        let forces = [1, 2, 4, 8].map(|bodies| NBodyShader::Forces { tile: 64, bodies, turn: 8 });
        let others = [NBodyShader::Step, NBodyShader::Small { capacity: 256 }, NBodyShader::Energy];
        for numbers in every_number() {
            for shader in forces.into_iter().chain(others) {
                for workgroup in [32, 256] {
                    validate(&nbody(shader, numbers, workgroup));
                }
            }
        }
    }
}
