//! Counts the words of a text and prints the ten most common ones.
//!
//! `PERF_BACKEND=simd cargo run --release -p perf-kernels --example count_words -- FILE`
#![expect(clippy::print_stdout, reason = "the result of the program")]

use std::error::Error;

use perf_kernels::{WordCountOptions, Workload};

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("give a text file")?;
    let text = std::fs::read(path)?;

    let options = WordCountOptions::default();
    let workload = Workload::WordCount { bytes: Some(text.len() as u64), options };
    let selected = perf_kernels::from_env(&workload)?;

    let counts = selected.backend.word_count(&options)?.count(&text)?;
    println!("{} words, {} distinct, by {}", counts.total(), counts.len(), selected.backend.name());
    for top in counts.ranked(1).iter().take(10) {
        println!("{:>9} {}", top.count, top.word);
    }
    Ok(())
}
