//! A comparison as a file, one format a module.

mod csv;
mod html;
mod json;
mod markdown;

use std::io::{self, Write};
use std::path::PathBuf;

use super::changes::Changes;
use super::record::Record;
use crate::args::compare::Exports;
use crate::output::{Destination, Durability};

/// Writes a comparison in one format.
pub(crate) trait Exporter {
    fn write(
        &self,
        out: &mut dyn Write,
        record: &Record,
        changes: Option<&Changes>,
    ) -> io::Result<()>;
}

/// The files that a comparison is to be written to. They are checked before the work begins.
pub(crate) struct Files(Vec<(Box<dyn Exporter>, Destination)>);

impl Files {
    pub(crate) fn new(exports: &Exports, inputs: &[PathBuf]) -> anyhow::Result<Self> {
        let formats: [(Box<dyn Exporter>, &Option<PathBuf>); 4] = [
            (Box::new(json::Json), &exports.export_json),
            (Box::new(csv::Csv), &exports.export_csv),
            (Box::new(markdown::Markdown), &exports.export_markdown),
            (Box::new(html::Html), &exports.html),
        ];
        let mut files = Vec::new();
        for (exporter, path) in formats {
            if let Some(path) = path {
                files.push((exporter, Destination::new(Some(path), inputs)?));
            }
        }
        Ok(Self(files))
    }

    /// Whether one of them is standard output, where nothing else may be printed then.
    pub(crate) fn take_standard_output(&self) -> bool {
        self.0.iter().any(|(_, destination)| matches!(destination, Destination::StandardOutput))
    }

    pub(crate) fn write(&self, record: &Record, changes: Option<&Changes>) -> anyhow::Result<()> {
        for (exporter, destination) in &self.0 {
            destination.write(Durability::Relaxed, |out| exporter.write(out, record, changes))?;
        }
        Ok(())
    }
}
