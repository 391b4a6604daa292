//! The memory that `cli wordcount --stream` takes, whatever the size of the text.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// 64 MiB, in kilobytes.
const FEW_WORDS: u64 = 64 << 10;

/// All texts are far longer than that.
const LENGTH: usize = 140 << 20;

/// The peak memory in kilobytes of counting `portion`, perhaps packed, so many times, with the ranking where its lines are
/// more than a pipe holds. The words are `words` in all.
fn peak(options: &str, portion: &[u8], portions: usize, words: usize) -> u64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cli"))
        .args(["wordcount", "--stream", "-q"])
        .args(options.split(' '))
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for _ in 0..portions {
        stdin.write_all(portion).unwrap();
    }
    let reading = resident(child.id()).expect("it still reads");
    drop(stdin);
    let (mut output, mut counts) = (child.stdout.take().unwrap(), vec![0]);
    output.read_exact(&mut counts).unwrap();
    let writing = resident(child.id()).unwrap_or(0);
    output.read_to_end(&mut counts).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(total(&counts), words);
    reading.max(writing)
}

/// The most memory that a process has had, in kilobytes. None of one that has ended.
fn resident(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    peak.trim().trim_end_matches(" kB").parse().ok()
}

/// The sum of the counts.
fn total(counts: &[u8]) -> usize {
    let lines = std::str::from_utf8(counts).unwrap().lines();
    lines.map(|line| line.split(' ').nth(1).unwrap().parse::<usize>().unwrap()).sum()
}

/// Lines of three words of two letters and no-break spaces between them, of some bytes.
fn short_words_and_spaces(bytes: usize) -> String {
    let mut random = 1_u64;
    let mut word = || {
        random =
            random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let letter = |shift: u32| (b'a' + ((random >> shift) % 26) as u8) as char;
        [letter(40), letter(50)].iter().collect::<String>()
    };
    let mut text = String::new();
    while text.len() < bytes {
        text += &format!("{}\u{a0}{}\u{a0}{}\n", word(), word(), word());
    }
    text
}

#[test]
fn few_words_take_no_more_however_long_the_text_is() {
    let ascii = "the same few words again and again\n".repeat(30_000);
    let others = "dieselben\u{3000}wenigen\u{a0}Wörter\u{2003}".repeat(30_000);
    // Few words, and more segments between ASCII separators than memory holds.
    let short = short_words_and_spaces(16 << 20);
    for backend in ["scalar", "simd", "rayon"] {
        for portion in [&ascii, &others, &short] {
            let (portions, words) = (LENGTH / portion.len(), portion.split_whitespace().count());
            let options = format!("-b {backend}");
            let kilobytes = peak(&options, portion.as_bytes(), portions, portions * words);
            assert!(kilobytes < FEW_WORDS, "{backend}: {kilobytes} kB");
        }
    }
}

#[test]
fn a_packed_text_is_never_whole_in_memory() {
    let text = "the same few words again and again\n".repeat(100_000);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    // The members of a gzip file are one text.
    let (member, members) = (encoder.finish().unwrap(), LENGTH / text.len());
    for backend in ["simd", "rayon"] {
        let kilobytes = peak(&format!("-b {backend}"), &member, members, members * 700_000);
        assert!(kilobytes < FEW_WORDS, "{backend}: {kilobytes} kB");
    }
}

/// With what ranking and writing them takes.
#[test]
fn many_words_take_what_their_number_needs() {
    let words = 300_000;
    let text: String = (0..words).map(|word| format!("word{word:x}\n")).collect();
    let portions = LENGTH / text.len();
    for (options, threads) in [("-b scalar", 1), ("-b simd", 1), ("-b rayon --threads 2", 2)] {
        let kilobytes = peak(options, text.as_bytes(), portions, portions * words);
        // Less than the text has, which must not be in memory.
        let tables = threads * words as u64 * 112 / 1024;
        assert!(kilobytes < FEW_WORDS + tables, "{options}: {kilobytes} kB");
    }
}
