//! `cli wordcount` on good input.

mod common;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use common::{Folder, assert_error, cli, root, shared, stdout};
use serde_json::Value;

const TEXT: &str = "The cat -- the DOG, and a bird. THE end\n";
const COUNTS: &str = "the 3 33.33333333333333\ncat 1 11.11111111111111\ndog 1 11.11111111111111\n\
                      and 1 11.11111111111111\na 1 11.11111111111111\nbird 1 11.11111111111111\n\
                      end 1 11.11111111111111\n";

/// The backends that run on a processor of this machine.
fn processors() -> Vec<String> {
    let records: Value = serde_json::from_str(&stdout(&mut cli("backends --json"))).unwrap();
    let ready = records.as_array().unwrap().iter().filter(|record| record["ready"] == true);
    let names = ready.map(|record| record["name"].as_str().unwrap().to_owned());
    names.filter(|name| name != "gpu").collect()
}

/// The counts of files that count as one text.
fn count(options: &str, paths: &[&Path]) -> String {
    stdout(cli(&format!("wordcount -b scalar {options} --output -")).args(paths))
}

#[test]
fn the_lessons_interface_writes_a_file() {
    let folder = Folder::new();
    let (input, output) = (folder.file("text", TEXT), folder.path("counts"));
    cli("wordcount").arg(&input).arg(&output).assert().success().stdout("");
    assert_eq!(fs::read_to_string(&output).unwrap(), COUNTS);
    cli("wordcount").arg(&input).arg(&output).arg("4").assert().success().stdout("");
    assert_eq!(fs::read_to_string(&output).unwrap(), "bird 1 100.0\n");
    assert_eq!(folder.names(), ["counts", "text"]);
}

#[test]
fn without_an_output_the_words_are_printed() {
    let folder = Folder::new();
    let input = folder.file("text", TEXT);
    assert_eq!(stdout(cli("wordcount").arg(&input)), COUNTS);
    assert_eq!(stdout(cli("wordcount -").write_stdin(TEXT)), COUNTS);
    assert_eq!(stdout(cli("wordcount - -").write_stdin(TEXT)), COUNTS);
    assert_eq!(stdout(cli("wordcount /dev/stdin").write_stdin(TEXT)), COUNTS);
}

/// A pipe has no path, and what a log holds already must stay.
#[cfg(unix)]
#[test]
fn an_output_that_is_open_already_is_written_behind_what_is_there() {
    let folder = Folder::new();
    let text = folder.file("text", TEXT);
    for (output, redirection) in [
        ("/dev/stdout", "| cat >> log"),
        ("/dev/stdout", ">> log"),
        ("/dev/fd/3", "3>> log"),
        ("/dev/fd/3", "3>&1 | cat >> log"),
    ] {
        let log = folder.file("log", "earlier\n");
        let program = env!("CARGO_BIN_EXE_cli");
        let line =
            format!("{program} wordcount -q -b scalar {} {output} {redirection}", text.display());
        let shell = Command::new("sh").args(["-c", &line]).current_dir(folder.path(".")).output();
        assert_eq!(String::from_utf8(shell.unwrap().stderr).unwrap(), "", "{line}");
        assert_eq!(fs::read_to_string(log).unwrap(), format!("earlier\n{COUNTS}"), "{line}");
    }
}

#[test]
fn every_algorithm_and_processor_backend_writes_the_same() {
    for backend in processors() {
        assert_eq!(stdout(cli(&format!("wordcount -b {backend} -")).write_stdin(TEXT)), COUNTS);
    }
    for algorithm in ["replace", "regex", "scan"] {
        let mut command = cli(&format!("wordcount -b scalar --algorithm {algorithm} -"));
        assert_eq!(stdout(command.write_stdin(TEXT)), COUNTS);
    }
}

#[test]
fn short_words_are_dropped_before_the_total_is_taken() {
    let counts = stdout(cli("wordcount --min-length 4 -").write_stdin("a bird a bird two éééé"));
    assert_eq!(counts, "bird 2 66.66666666666666\néééé 1 33.33333333333333\n");
}

#[test]
fn top_words_keep_the_percentages_of_all() {
    assert_eq!(stdout(cli("wordcount --top 1 -").write_stdin("a b a c")), "a 2 50.0\n");
    assert_eq!(stdout(cli("wordcount --top 0 -").write_stdin("a b a c")), "");
}

#[test]
fn an_empty_text_gives_an_empty_result() {
    let folder = Folder::new();
    for text in ["", " \n.,;\u{2003}"] {
        let (input, output) = (folder.file("text", text), folder.file("counts", "old 1 100.0\n"));
        cli("wordcount").arg(&input).arg(&output).assert().success();
        assert_eq!(fs::read(&output).unwrap(), b"");
    }
}

#[test]
fn several_inputs_count_as_one_text() {
    let folder = Folder::new();
    let one = folder.file("one", "beta alpha be");
    let two = folder.file("two", "ta alpha gamma");
    let (one, two) = (one.as_path(), two.as_path());
    assert_eq!(count("", &[one, two]), "beta 2 40.0\nalpha 2 40.0\ngamma 1 20.0\n");
    assert_eq!(count("", &[two, one]), "alpha 2 40.0\nta 1 20.0\ngammabeta 1 20.0\nbe 1 20.0\n");
}

#[test]
fn directories_are_read_in_the_order_of_their_names() {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("books/b")).unwrap();
    folder.file("books/c", "third ");
    folder.file("books/b/2", "second ");
    folder.file("books/a", "first ");
    let counts = count("--recursive", &[&folder.path("books")]);
    let words: Vec<_> = counts.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(words, ["first", "second", "third"]);
}

#[cfg(unix)]
#[test]
fn links_below_directories_are_followed() {
    use std::os::unix::fs::symlink;

    let folder = Folder::new();
    fs::create_dir_all(folder.path("books")).unwrap();
    fs::create_dir_all(folder.path("elsewhere")).unwrap();
    folder.file("books/b", "second ");
    folder.file("elsewhere/text", "first ");
    symlink(folder.path("elsewhere"), folder.path("books/a")).unwrap();
    symlink(folder.path("elsewhere/text"), folder.path("books/c")).unwrap();
    let counts = count("--recursive", &[&folder.path("books")]);
    assert_eq!(counts, "first 2 66.66666666666666\nsecond 1 33.33333333333333\n");
    symlink(folder.path("books"), folder.path("books/loop")).unwrap();
    let looped = folder.path("books");
    assert_error(cli("wordcount -r --output -").arg(&looped), 1, &["cannot read", "loop"]);
}

#[test]
fn packed_texts_are_unpacked() {
    let folder = Folder::new();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(TEXT.as_bytes()).unwrap();
    let member = encoder.finish().unwrap();
    let gzip = folder.file("text.gz", &member);
    assert_eq!(stdout(cli("wordcount").arg(&gzip)), COUNTS);
    // Two members of a file are one text, zeros behind them fill a block, and a pipe is unpacked too.
    for zeros in [0, 1, 300_000] {
        let twice = [&member[..], &member, &vec![0; zeros]].concat();
        let counts = stdout(cli("wordcount --top 1 -").write_stdin(twice));
        assert!(counts.starts_with("the 6 "), "{counts}");
    }
}

#[test]
fn zstandard_texts_are_unpacked() {
    let folder = Folder::new();
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let frame = ruzstd::encoding::compress_to_vec(TEXT.as_bytes(), level);
    let path = folder.file("text.zst", &frame);
    assert_eq!(stdout(cli("wordcount").arg(&path)), COUNTS);
    // Two frames with one between them that holds no text.
    let skipped = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    let frames = [&frame[..], &skipped, &frame].concat();
    let twice = stdout(cli("wordcount --top 1 -").write_stdin(frames));
    assert!(twice.starts_with("the 6 "), "{twice}");
    let behind = [&skipped[..], &skipped, &frame].concat();
    assert_eq!(stdout(cli("wordcount -").write_stdin(behind)), COUNTS);
    let cut = [&frame[..], &skipped[..10]].concat();
    assert_error(cli("wordcount -q -").write_stdin(cut), 1, &["the Zstandard data ends too early"]);
}

/// Only what follows tells a frame that holds no text from a text.
#[test]
fn a_text_that_begins_as_zstandard_may_is_a_text() {
    let frame = b"P*M\x18\x05\0\0\0hello".to_vec();
    for text in [&b"P*M\x18"[..], b"P*M\x18 hello hello", b"P*M\x18\x02\0\0\0ab", &frame.repeat(2)]
    {
        let counts = stdout(cli("wordcount -").write_stdin(text));
        assert!(counts.contains("m\x18"), "{counts}");
    }
}

#[test]
fn json_is_one_record_with_every_field() {
    let folder = Folder::new();
    let output = folder.path("counts");
    let mut command = cli("wordcount --json -b scalar -");
    let record: Value =
        serde_json::from_str(&stdout(command.arg(&output).write_stdin(TEXT))).unwrap();
    assert_eq!(fs::read_to_string(&output).unwrap(), COUNTS);
    assert_eq!(record["kernel"], "wordcount");
    assert_eq!(record["backend"], "scalar");
    assert_eq!(record["algorithm"], "scan");
    assert_eq!(record["threads"], 1);
    assert_eq!(record["bytes"], TEXT.len());
    assert_eq!(record["words"], 9);
    assert_eq!(record["distinct"], 7);
    assert_eq!(record["version"], env!("CARGO_PKG_VERSION"));
    assert!(record["device"].is_string());
    for part in ["read", "count", "sort", "write", "total"] {
        assert!(record["seconds"][part].as_f64().unwrap() > 0.0, "{part}");
    }
    let rate = TEXT.len() as f64 / record["seconds"]["total"].as_f64().unwrap();
    assert_eq!(record["bytes_per_second"].as_f64().unwrap(), rate);
}

#[test]
fn words_longer_than_any_block_are_whole() {
    let long = "x".repeat(3 << 20);
    for options in ["", "--stream", "--threads 2"] {
        let text = format!("a {long} b {long}");
        let counts = stdout(cli(&format!("wordcount {options} -q -")).write_stdin(text));
        assert_eq!(counts, format!("{long} 2 50.0\na 1 25.0\nb 1 25.0\n"));
    }
}

#[test]
fn blocks_of_every_backend_give_the_same_counts() {
    let text = "Never   cut a word, où qu'il soit! ".repeat(200_000);
    let whole = stdout(cli("wordcount -b scalar -").write_stdin(text.as_str()));
    assert!(whole.starts_with("never 200000 12.5\n"), "{whole}");
    for backend in processors() {
        for options in ["", "--stream"] {
            let mut command = cli(&format!("wordcount -b {backend} {options} -"));
            assert_eq!(stdout(command.write_stdin(text.as_str())), whole, "{backend} {options}");
        }
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_grows_or_a_pipe_is_read_to_its_end() {
    let folder = Folder::new();
    let path = folder.path("pipe");
    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
    let writer = std::thread::spawn({
        let path = path.clone();
        move || {
            let mut pipe = fs::File::options().write(true).open(path).unwrap();
            for _ in 0..1000 {
                pipe.write_all(b"now and then ").unwrap();
            }
        }
    });
    let counts = stdout(cli("wordcount --top 1").arg(&path));
    writer.join().unwrap();
    assert_eq!(counts, "now 1000 33.33333333333333\n");
}

#[test]
fn golden_texts_give_golden_counts() {
    let Some(golden) = shared("golden") else { return };
    let mut cases = 0;
    for entry in fs::read_dir(golden).unwrap() {
        let text = entry.unwrap().path();
        if text.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        cases += 1;
        match fs::read_to_string(text.with_extension("dat")) {
            Ok(counts) => {
                assert_eq!(stdout(cli("wordcount").arg(&text)), counts, "{}", text.display());
            }
            Err(_) => {
                cli("wordcount").arg(&text).assert().code(1).stdout("");
            }
        }
    }
    assert!(cases > 20, "{cases} cases");
}

#[test]
fn the_books_have_the_words_that_they_have() {
    let Some(folder) = shared("data/books") else { return };
    let books = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut books: Vec<_> =
        books.filter(|path| path.extension().is_some_and(|extension| extension == "txt")).collect();
    books.sort();
    let output = stdout(cli("wordcount --json -q --output /dev/null").args(&books));
    let record: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(record["bytes"], 32_687_225);
    assert_eq!(record["words"], 5_022_072);
    assert_eq!(record["distinct"], 364_463);
}

#[test]
fn the_readmes_command_counts_the_sample() {
    let folder = Folder::new();
    let output = folder.path("counts.dat");
    cli("wordcount data/sample.txt").arg(&output).assert().success();
    let size = fs::metadata(root().join("data/sample.txt")).unwrap().len();
    assert!(size > 100_000);
    let total: f64 = fs::read_to_string(&output)
        .unwrap()
        .lines()
        .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
        .sum();
    assert!((total - 100.0).abs() < 1e-9, "{total}");
}
