//! nbabel's format: a body a line, `id mass x y z vx vy vz`, separated by white space.
//!
//! The id is kept and has no meaning; it may be left out in all lines. Blank lines are skipped.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, anyhow, bail};
use perf_kernels::phase::{self, Phase};
use perf_kernels::{Bodies, Error, Precision};

use super::Source;

const FIELDS: [&str; 8] = ["id", "mass", "x", "y", "z", "vx", "vy", "vz"];

/// A system of bodies and what its file called them.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct System {
    pub(crate) bodies: Bodies,
    /// One id per body, or none at all.
    pub(crate) ids: Vec<String>,
}

/// Reads a system; without a `softening` no two bodies may be at one point in numbers of the `precision`.
pub(crate) fn read(path: &Path, softening: f64, precision: Precision) -> anyhow::Result<System> {
    let mut source = Source::open(path)?;
    let bytes = source.read_all()?;
    let text = perf_kernels::text::validate(&bytes, 0).with_context(|| source.name.clone())?;
    parse(text, softening, precision).with_context(|| source.name.clone())
}

/// Writes a system in the format it was read in, each number with the 17 digits that make it exact.
pub(crate) fn write(system: &System, out: &mut dyn Write) -> io::Result<()> {
    let bodies = &system.bodies;
    for body in 0..bodies.len() {
        if let Some(id) = system.ids.get(body) {
            write!(out, "{id} ")?;
        }
        write!(out, "{:.16e}", bodies.mass_slice()[body])?;
        let (position, velocity) = (bodies.position_rows()[body], bodies.velocity_rows()[body]);
        for x in position.into_iter().chain(velocity) {
            write!(out, " {x:.16e}")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The lines that hold a body, each with its number, from 1.
fn body_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    numbered.filter(|(_, line)| !line.trim().is_empty())
}

fn parse(text: &str, softening: f64, precision: Precision) -> anyhow::Result<System> {
    let mut rows = Rows::default();
    for (number, line) in body_lines(text) {
        rows.push(line).with_context(|| format!("line {number}"))?;
    }
    let Rows { ids, masses, positions, velocities, .. } = rows;
    if masses.is_empty() {
        bail!("there are no bodies: give one a line, {}", FIELDS.join(" "));
    }
    let bodies = phase::within(Phase::Validate, || -> anyhow::Result<_> {
        let bodies = Bodies::from_rows(masses, positions, velocities)?;
        bodies.require_distinct(softening, precision).map_err(|error| with_lines(error, text))?;
        Ok(bodies)
    })?;
    Ok(System { bodies, ids })
}

/// The error with the lines of the file instead of the numbers of the bodies.
fn with_lines(error: Error, text: &str) -> anyhow::Error {
    let line = |body| body_lines(text).nth(body).map_or(0, |(number, _)| number);
    match error {
        Error::Coincident { first, second } => anyhow!(
            "lines {} and {}: two bodies are at one point: move one of them or give a larger --softening",
            line(first),
            line(second)
        ),
        Error::Indistinct { first, second, precision } => anyhow!(
            "lines {} and {}: two bodies are too close to be told apart in {precision}: give --precision f64 or a \
             larger --softening",
            line(first),
            line(second)
        ),
        other => other.into(),
    }
}

/// The rows read so far.
#[derive(Debug, Default)]
struct Rows {
    /// The number of fields of the first row.
    fields: Option<usize>,
    ids: Vec<String>,
    masses: Vec<f64>,
    positions: Vec<[f64; 3]>,
    velocities: Vec<[f64; 3]>,
}

impl Rows {
    fn push(&mut self, line: &str) -> anyhow::Result<()> {
        let id = match self.expect_fields(line)? {
            8 => line.split_whitespace().next(),
            _ => None,
        };
        let numbers = line.split_whitespace().skip(usize::from(id.is_some()));
        let mut row = [0.0; 7];
        for ((x, field), word) in row.iter_mut().zip(&FIELDS[1..]).zip(numbers) {
            *x = number(word).with_context(|| place(line, word, field))?;
        }
        let [mass, x, y, z, vx, vy, vz] = row;
        if mass < 0.0 {
            bail!("the mass is {mass}: it must not be negative");
        }
        self.ids.extend(id.map(str::to_owned));
        self.masses.push(mass);
        self.positions.push([x, y, z]);
        self.velocities.push([vx, vy, vz]);
        Ok(())
    }

    /// The number of fields, which is that of the lines before.
    fn expect_fields(&mut self, line: &str) -> anyhow::Result<usize> {
        let found = line.split_whitespace().count();
        match self.fields {
            None if matches!(found, 7 | 8) => self.fields = Some(found),
            Some(fields) if found == fields => {}
            Some(fields) => bail!("{found} fields, but the lines before have {fields}"),
            None => {
                bail!("{found} fields: there must be 8, {}, or 7 without the id", FIELDS.join(" "))
            }
        }
        Ok(found)
    }
}

fn number(word: &str) -> anyhow::Result<f64> {
    match word.parse::<f64>() {
        Ok(x) if x.is_finite() => Ok(x),
        Ok(_) => bail!("'{word}' is not finite: give a finite number"),
        Err(_) => bail!("'{word}' is not a number: write it like -1.5e-3"),
    }
}

/// Where `word`, a part of `line`, begins, counted from 1, and what it should be.
fn place(line: &str, word: &str, quantity: &str) -> String {
    let bytes = word.as_ptr().addr() - line.as_ptr().addr();
    format!("character {} ({quantity})", line[..bytes].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = "1 0.5 1 2 3 4 5 6\n\n  2\t0.25 -1 -2e0 -3 -4 -5 -6\r\n";

    fn message(text: &str) -> String {
        format!("{:#}", parse(text, 0.0, Precision::F64).unwrap_err())
    }

    #[test]
    fn both_forms_are_read() {
        let with_ids = parse(TWO, 0.0, Precision::F64).unwrap();
        assert_eq!(with_ids.ids, ["1", "2"]);
        assert_eq!(with_ids.bodies.mass_slice(), [0.5, 0.25]);
        assert_eq!(with_ids.bodies.position_rows()[1], [-1.0, -2.0, -3.0]);
        let without =
            parse("0.5 1 2 3 4 5 6\n0.25 -1 -2 -3 -4 -5 -6", 0.0, Precision::F64).unwrap();
        assert_eq!(without.bodies, with_ids.bodies);
        assert!(without.ids.is_empty());
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut system = parse(TWO, 0.0, Precision::F64).unwrap();
        system.bodies.set_state(|body| ([0.1 + 0.2, 1.0 / 3.0, body as f64], [5e-324; 3])).unwrap();
        let mut text = Vec::new();
        write(&system, &mut text).unwrap();
        assert_eq!(
            parse(std::str::from_utf8(&text).unwrap(), 0.0, Precision::F64).unwrap(),
            system
        );
    }

    #[test]
    fn bad_lines_are_named() {
        assert!(message("").contains("no bodies"));
        assert!(message("1 2 3").starts_with("line 1: 3 fields"));
        assert!(message(&format!("{TWO}3 4 5")).starts_with("line 4: 3 fields, but"));
        assert!(
            message("1 1 0 0 é 0 0 x").starts_with("line 1: character 9 (z): 'é' is not a number")
        );
        assert!(message("1 1 0 0 0 nan 0 0").contains("character 11 (vx): 'nan' is not finite"));
        assert!(message("1 1 0 0 0 1e999 0 0").contains("not finite"));
        assert!(message("1 -1 0 0 0 0 0 0").starts_with("line 1: the mass is -1"));
    }

    #[test]
    fn coincident_bodies_are_named_by_their_lines() {
        let text = format!("{TWO}\n9 1 1 2 3 0 0 0");
        assert!(message(&text).starts_with("lines 1 and 5: two bodies are at one point"));
        assert!(parse(&text, 0.1, Precision::F64).is_ok());
    }
}
