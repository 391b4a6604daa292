//! `cli wordcount` on input that it cannot count: one line, the right code, nothing written.

mod common;

use std::fs;
use std::io::Write;

use common::{Folder, assert_error, cli, skip};

/// Counts `text` into a file that must stay as it is.
#[track_caller]
fn assert_refused(text: &[u8], options: &str, parts: &[&str]) {
    let folder = Folder::new();
    let (path, output) = (folder.file("text", text), folder.file("counts", "as 1 100.0\n"));
    let mut command = cli(&format!("wordcount -q {options}"));
    assert_error(command.arg(&path).arg(&output), 1, parts);
    assert_eq!(fs::read_to_string(&output).unwrap(), "as 1 100.0\n");
    assert_eq!(folder.names(), ["counts", "text"]);
}

/// `cli wordcount a.txt b.txt` may be meant to count two texts.
#[test]
fn output_that_is_another_text() {
    let folder = Folder::new();
    let input = folder.file("text", "the text");
    for other in [
        "a book\n",
        "no line",
        "the 2\n",
        "\n",
        "Chapter 1 Loomings\nCall me Ishmael.\n",
        "move 10 steps\n",
        "0 1 0.5\n1 2 0.5\n",
        "a 1 50.0\nsome text",
    ] {
        let output = folder.file("other", other);
        let mut command = cli("wordcount -q");
        let told = ["other", "holds no counts", "--output"];
        assert_error(command.arg(&input).arg(&output), 2, &told);
        assert_eq!(fs::read_to_string(&output).unwrap(), other);
    }
    let output = folder.file("other", "a book\n");
    cli("wordcount -q").arg(&input).arg("--output").arg(&output).assert().success();
    assert_eq!(fs::read_to_string(&output).unwrap(), "the 1 50.0\ntext 1 50.0\n");
    // What an earlier count wrote, nothing among it, is replaced.
    for earlier in ["", "a 1 100.0\n", "the 2 66.66666666666666\nend 1 33.33333333333333\n"] {
        let output = folder.file("counts", earlier);
        cli("wordcount -q").arg(&input).arg(&output).assert().success();
        assert_eq!(fs::read_to_string(&output).unwrap(), "the 1 50.0\ntext 1 50.0\n");
    }
}

#[test]
fn missing_file() {
    assert_error(&mut cli("wordcount no/such"), 1, &["no/such", "No such file", "check the path"]);
}

#[test]
fn directory() {
    assert_error(&mut cli("wordcount data"), 1, &["data", "directory", "--recursive"]);
}

#[cfg(unix)]
#[test]
fn unreadable_file() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new();
    let path = folder.file("text", "text");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        return skip("unreadable file", "this user may read every file");
    }
    assert_error(cli("wordcount -q").arg(&path), 1, &["text", "ermission denied", "ls -l"]);
}

#[test]
fn invalid_utf8() {
    for options in ["-b scalar", "--stream", ""] {
        assert_refused(b"good \xff bad", options, &["text", "byte 5", "UTF-8"]);
        assert_refused(b"cut \xc3", options, &["text", "byte 4"]);
    }
}

#[test]
fn the_least_offset_of_invalid_utf8_is_named() {
    let mut text = "many good words ".repeat(400_000).into_bytes();
    let last = text.len() as u64;
    text.extend_from_slice(b"\xfe");
    assert_refused(&text, "", &[&format!("byte {last} ")]);
    text[5_000_000] = 0xff;
    assert_refused(&text, "", &["byte 5000000 "]);
    assert_refused(&text, "--stream", &["byte 5000000 "]);
}

#[test]
fn invalid_utf8_is_named_with_its_own_file() {
    let folder = Folder::new();
    let (good, bad) = (folder.file("good", "fine "), folder.file("bad", b"not \x80 fine"));
    let mut command = cli("wordcount -q --output -");
    assert_error(command.args([&good, &bad, &good]), 1, &["bad: byte 4 is not valid UTF-8"]);
}

#[test]
fn a_damaged_archive() {
    // A block of the type that does not exist, here and below.
    let gzip = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 7, 2, 3];
    assert_refused(&gzip, "", &["cannot read", "text", "the gzip data is damaged"]);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"a text and more of it").unwrap();
    let member = encoder.finish().unwrap();
    assert_refused(&member[..member.len() / 2], "", &["text", "the gzip data ends too early"]);
    let followed = [&member[..], b"\0\0what is no member"].concat();
    assert_refused(&followed, "", &["text", "the gzip data is damaged"]);
    let zstandard = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 1, 7, 0, 0];
    assert_refused(&zstandard, "", &["cannot read", "text", "damaged"]);
    let level = ruzstd::encoding::CompressionLevel::Fastest;
    let frame = ruzstd::encoding::compress_to_vec("a text and more of it ".as_bytes(), level);
    assert_refused(&frame[..frame.len() / 2], "", &["text", "the Zstandard data ends too early"]);
    let followed = [&frame[..], b"what is no frame"].concat();
    assert_refused(&followed, "", &["text", "the Zstandard data is followed by something else"]);
    // A window of 2 GiB.
    let window = [0x28, 0xb5, 0x2f, 0xfd, 0, 21 << 3, 0, 0, 0];
    assert_refused(&window, "", &["text", "window of 2147483648 bytes", "--long=31"]);
}

#[test]
fn what_comes_first_in_the_text_is_told() {
    let folder = Folder::new();
    for words in [0, 400_000] {
        let text = [b"bad \xff ".to_vec(), "more words ".repeat(words).into_bytes()].concat();
        let first = folder.file("first", text);
        let second = folder.file("second.gz", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3]);
        for backend in ["scalar", "simd", "rayon"] {
            let mut command = cli(&format!("wordcount -q -b {backend} --output -"));
            assert_error(command.args([&first, &second]), 1, &["first: byte 4 is not valid UTF-8"]);
            let mut command = cli(&format!("wordcount -q -b {backend} --output -"));
            assert_error(command.args([&second, &first]), 1, &["second.gz"]);
        }
    }
}

#[test]
fn output_equal_to_input() {
    let folder = Folder::new();
    let path = folder.file("text", "text");
    let options = ["would be overwritten", "another output"];
    assert_error(cli("wordcount").arg(&path).arg(&path), 2, &options);
    assert_error(cli("wordcount").arg(&path).arg("--output").arg(&path), 2, &options);
    assert_eq!(fs::read_to_string(&path).unwrap(), "text");
}

#[test]
fn output_where_nothing_can_be_made() {
    let mut command = cli("wordcount data/sample.txt no/such/counts");
    assert_error(&mut command, 1, &["cannot write", "no/such"]);
}

#[cfg(target_os = "linux")]
#[test]
fn full_disk() {
    let mut command = cli("wordcount -q data/sample.txt /dev/full");
    assert_error(&mut command, 1, &["/dev/full", "free some space"]);
}

#[test]
fn more_paths_than_the_lesson_has() {
    let parts = ["several inputs", "--output"];
    assert_error(&mut cli("wordcount data/sample.txt a b c"), 2, &parts);
    assert_error(&mut cli("wordcount data/sample.txt a b"), 2, &["MIN_LENGTH is 'b'", "--output"]);
    let mut command = cli("wordcount data/sample.txt a 3 --min-length 3");
    assert_error(&mut command, 2, &["given twice"]);
}

#[test]
fn unknown_backend_or_algorithm() {
    assert_error(&mut cli("wordcount -b abc data/sample.txt"), 2, &["'abc'", "scalar"]);
    assert_error(&mut cli("wordcount --algorithm abc x"), 2, &["'abc'", "scan, replace, regex"]);
}
