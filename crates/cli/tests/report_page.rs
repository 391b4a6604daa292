//! The page of `cli compare --html` in a real browser: light and dark, wide and narrow.

mod common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{Folder, cli, is_required, skip};
use resvg::tiny_skia::{Pixmap, PremultipliedColorU8};
use serde_json::Value;

/// All four charts, with the longest names there are.
const CONTEST: &str = "compare nbody -q --sizes 8,16 --backends all,auto --threads 1,2 \
                       --precisions f64,f32 --steps 20 --runs 3 --warmup 0 --html";
const STYLE: &str = include_str!("../src/compare/export/html/style.css");

/// Lays the page out in a frame of some width and notes what would look wrong.
const INSPECTION: &str = r#"<!doctype html><meta charset="utf-8">
<iframe style="width: WIDTHpx; height: 600px; border: 0" srcdoc="PAGE"></iframe>
<script>
onload = () => {
  const page = document.querySelector("iframe").contentDocument, root = page.documentElement;
  const wrong = [];
  if (root.scrollWidth > root.clientWidth) wrong.push(`the page is ${root.scrollWidth} wide`);
  const apart = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 3 || b.bottom <= a.top + 3;
  const charts = [...page.querySelectorAll("svg[role=img]")];
  for (const chart of charts) {
    const frame = chart.getBoundingClientRect();
    const texts = [...chart.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]);
    texts.forEach(([text, box], index) => {
      if (box.left < frame.left - 1 || box.right > frame.right + 1) wrong.push(`'${text}' is cut off`);
      for (const [other, its] of texts.slice(index + 1))
        if (!apart(box, its)) wrong.push(`'${text}' lies on '${other}'`);
    });
  }
  document.body.textContent = JSON.stringify({ charts: charts.length, wrong });
};
</script>
"#;

/// The browser, or a skip with the reason.
fn chromium() -> Option<&'static str> {
    let runs = |name: &&str| {
        let version = Command::new(name).arg("--version").stdout(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    };
    let found = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(runs);
    if found.is_none() {
        assert!(!is_required("chromium"), "PERF_REQUIRE asks for chromium, and there is none");
        skip("the page in a browser", "there is no chromium");
    }
    found
}

/// Runs the browser without a window on a page of the folder.
fn browse(browser: &str, folder: &Folder, page: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
        .arg(format!("--user-data-dir={}", folder.path("profile").display()))
        .args(arguments)
        .arg(format!("file://{}", page.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn report(folder: &Folder) -> PathBuf {
    let page = folder.path("report.html");
    cli(CONTEST).arg(&page).assert().success();
    page
}

/// The colours of a theme, by name: the first theme of the style sheet is light, the second dark.
fn colour(theme: usize, name: &str) -> [u8; 3] {
    let value = STYLE.split(&format!("--{name}: #")).nth(theme + 1).unwrap();
    [0, 2, 4].map(|digit| u8::from_str_radix(&value[digit..digit + 2], 16).unwrap())
}

fn count(picture: &Pixmap, [red, green, blue]: [u8; 3]) -> usize {
    let wanted = PremultipliedColorU8::from_rgba(red, green, blue, 255).unwrap();
    picture.pixels().iter().filter(|&&pixel| pixel == wanted).count()
}

#[test]
fn the_page_is_drawn_in_the_colours_of_the_readers_theme() {
    let Some(browser) = chromium() else { return };
    let folder = Folder::new();
    let (page, shot) = (report(&folder), folder.path("shot.png"));
    for (theme, preferred) in [(0, 1), (1, 0)] {
        let arguments = [
            format!("--blink-settings=preferredColorScheme={preferred}"),
            format!("--screenshot={}", shot.display()),
            "--window-size=1000,4000".to_owned(),
        ];
        browse(browser, &folder, &page, &arguments.each_ref().map(String::as_str));
        let picture = Pixmap::load_png(&shot).unwrap();
        let all = picture.pixels().len();
        assert!(count(&picture, colour(theme, "paper")) > all / 2, "theme {theme}");
        assert_eq!(count(&picture, colour(1 - theme, "paper")), 0, "theme {theme}");
        assert!(count(&picture, colour(theme, "ink")) > 1000, "theme {theme}: no text");
        // The first backend is the reference, whose bar has a length of 1.
        assert!(count(&picture, colour(theme, "c0")) > 200, "theme {theme}: no bars");
    }
}

#[test]
fn nothing_is_cut_off_or_lies_on_something_else() {
    let Some(browser) = chromium() else { return };
    let folder = Folder::new();
    let page = fs::read_to_string(report(&folder)).unwrap();
    let page = page.replace('&', "&amp;").replace('"', "&quot;");
    for width in ["400", "800", "1600"] {
        let inspection = INSPECTION.replace("WIDTH", width).replace("PAGE", &page);
        let inspection = folder.file("inspection.html", inspection);
        let dom = browse(browser, &folder, &inspection, &["--dump-dom", "--window-size=1700,1000"]);
        let dom = String::from_utf8(dom).unwrap();
        let (_, body) = dom.split_once("<body>").unwrap();
        let (found, _) = body.split_once("</body>").unwrap();
        let found: Value = serde_json::from_str(found).unwrap_or_else(|_| panic!("{body}"));
        assert_eq!(found["wrong"], Value::Array(vec![]), "{width} pixels wide");
        // Two bar charts, throughput and errors, and scaling where a backend has threads.
        let threaded = common::missing("rayon").is_none();
        assert_eq!(found["charts"], 4 + u64::from(threaded));
    }
}
