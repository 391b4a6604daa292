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
use crate::failure::Usage;
use crate::output::{self, Destination, Durability};

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
        let formats: [(&str, Box<dyn Exporter>, &Option<PathBuf>); 4] = [
            ("--export-json", Box::new(json::Json), &exports.export_json),
            ("--export-csv", Box::new(csv::Csv), &exports.export_csv),
            ("--export-markdown", Box::new(markdown::Markdown), &exports.export_markdown),
            ("--html", Box::new(html::Html), &exports.html),
        ];
        let named =
            formats.iter().filter_map(|(option, _, path)| Some((*option, path.as_deref()?)));
        output::refuse_shared(&named.collect::<Vec<_>>())?;
        let mut files = Vec::new();
        for (_, exporter, path) in formats {
            if let Some(path) = path {
                files.push((exporter, Destination::new(Some(path), inputs)?));
            }
        }
        let is_printed = |file: &&(_, Destination)| matches!(file.1, Destination::StandardOutput);
        if files.iter().filter(is_printed).count() > 1 {
            let message = "only one export can go to standard output: name files for the others";
            return Err(Usage(message.to_owned()).into());
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
