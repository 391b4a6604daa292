//! `cli plot`: pictures of counts, books and trajectories.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use crate::args::Plot;
use crate::failure::Usage;
use crate::plot::{self, Book, Picture, PictureFile};
use crate::power_law::PowerLaw;
use crate::readers::Source;
use crate::readers::counts::WordCounts;
use crate::trajectory;

pub(super) fn run(args: &Plot) -> anyhow::Result<ExitCode> {
    let [inputs @ .., output] = args.paths.as_slice() else {
        return Err(Usage("name an input and a picture: cli plot INPUT OUTPUT".to_owned()).into());
    };
    let file = PictureFile::new(output, inputs)?;
    file.write(if args.zipf { books(inputs, args.fit)? } else { only(inputs, args.top)? })?;
    Ok(ExitCode::SUCCESS)
}

/// The picture of a single file, by what it holds.
fn only(inputs: &[PathBuf], top: usize) -> anyhow::Result<Picture> {
    let [input] = inputs else {
        return Err(Usage("several inputs go with --zipf only".to_owned()).into());
    };
    let mut source = Source::open(input)?;
    let bytes = source.read_all()?;
    if trajectory::is_archive(&bytes) {
        let positions = trajectory::read_positions(bytes).with_context(|| source.name.clone())?;
        return Ok(plot::orbits(&format!("Orbits in {}", source.name), positions.view()));
    }
    let counts = WordCounts::of_bytes(&bytes).with_context(|| source.name.clone())?;
    let words = &counts.words[..top.min(counts.words.len())];
    Ok(plot::bars(&format!("The {} most common words of {}", words.len(), stem(input)), words))
}

fn books(inputs: &[PathBuf], fit: bool) -> anyhow::Result<Picture> {
    let books = inputs.iter().map(|input| book(input, fit)).collect::<anyhow::Result<Vec<_>>>()?;
    Ok(plot::rank_frequency("Occurrences of words by rank", &books))
}

fn book(input: &Path, fit: bool) -> anyhow::Result<(Book, Option<PowerLaw>)> {
    let counts = WordCounts::read(input)?.counts();
    let law = fit.then(|| PowerLaw::fit(&counts)).flatten();
    Ok((Book { name: stem(input), counts }, law))
}

/// The name of a file without its folder and its ending.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}
