//! The whole record. `results[]` has the names of hyperfine's `--export-json`, and more.

use std::io::{self, Write};

use super::{Changes, Exporter, Record};

pub(super) struct Json;

impl Exporter for Json {
    fn write(&self, out: &mut dyn Write, record: &Record, _: Option<&Changes>) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, record)?;
        writeln!(out)
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::record::tests::record;
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut out = Vec::new();
        Json.write(&mut out, &record(), None).unwrap();
        assert_eq!(serde_json::from_slice::<Record>(&out).unwrap(), record());
    }

    #[test]
    fn results_have_hyperfines_names() {
        let mut out = Vec::new();
        Json.write(&mut out, &record(), None).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let result = &json["results"][0];
        assert!(result["command"].is_string());
        for name in ["mean", "stddev", "median", "min", "max"] {
            assert!(result[name].is_number(), "{name}");
        }
        assert_eq!(result["times"].as_array().unwrap().len(), 10);
    }
}
