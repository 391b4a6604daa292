//! A finished picture and the file it goes to: SVG as it is drawn, PNG rasterised from the same SVG.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};

use super::canvas::{Canvas, escaped};
use crate::failure::Usage;
use crate::output::{Destination, Durability};

/// DejaVu Sans with its Latin, Greek and Cyrillic letters; see `font/README.md`.
const FONT: &[u8] = include_bytes!("font/DejaVuSans-subset.ttf");
const FAMILY: &str = "DejaVu Sans";
/// Pixels of a PNG for each of the SVG, so that it is sharp on dense screens and paper.
const PIXELS: f32 = 2.0;

/// Something drawn, and in words what it shows.
#[derive(Debug)]
pub(crate) struct Picture {
    canvas: Canvas,
    title: String,
}

impl Picture {
    pub(super) fn new(canvas: Canvas, title: String) -> Self {
        Self { canvas, title }
    }

    /// A file of its own: the font is within, for viewers on machines without it.
    fn into_svg(self) -> String {
        let font = STANDARD.encode(FONT);
        self.document(&format!(
            "<style>@font-face{{font-family:\"{FAMILY}\";src:url(data:font/ttf;base64,{font})}}</style>\n"
        ))
    }

    fn into_png(self) -> anyhow::Result<Vec<u8>> {
        let tree = usvg::Tree::from_str(&self.document(""), &with_font()).context("cannot draw")?;
        let size =
            tree.size().to_int_size().scale_by(PIXELS).context("cannot draw: it has no size")?;
        let mut pixels =
            Pixmap::new(size.width(), size.height()).context("cannot draw: too large")?;
        resvg::render(&tree, Transform::from_scale(PIXELS, PIXELS), &mut pixels.as_mut());
        Ok(pixels.encode_png()?)
    }

    fn document(self, style: &str) -> String {
        let (width, height, title) = (self.canvas.width, self.canvas.height, escaped(&self.title));
        let size = Canvas::FONT_SIZE;
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
             viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"{FAMILY}, sans-serif\" \
             font-size=\"{size}\" fill=\"#222222\">\n<title>{title}</title>\n{style}\
             <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n{}</svg>\n",
            self.canvas.into_elements()
        )
    }
}

/// No font but ours: what the machine has installed changes nothing.
fn with_font() -> usvg::Options<'static> {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(FONT.to_vec());
    fonts.set_sans_serif_family(FAMILY);
    usvg::Options { fontdb: Arc::new(fonts), font_family: FAMILY.to_owned(), ..Default::default() }
}

/// A file for a picture, checked before the work begins.
#[derive(Debug)]
pub(crate) struct PictureFile {
    format: Format,
    destination: Destination,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Format {
    Svg,
    Png,
}

impl PictureFile {
    /// The file at `path`, whose name ends in .svg or .png, and which is none of the `inputs`.
    pub(crate) fn new(path: &Path, inputs: &[PathBuf]) -> anyhow::Result<Self> {
        let format = Format::of(path)?;
        Ok(Self { format, destination: Destination::new(Some(path), inputs)? })
    }

    pub(crate) fn write(&self, picture: Picture) -> anyhow::Result<()> {
        let bytes = match self.format {
            Format::Svg => picture.into_svg().into_bytes(),
            Format::Png => picture.into_png()?,
        };
        self.destination.write(Durability::Relaxed, |out| out.write_all(&bytes))
    }
}

impl Format {
    fn of(path: &Path) -> Result<Self, Usage> {
        let extension = path.extension().map(|text| text.to_ascii_lowercase());
        match extension.as_ref().and_then(|text| text.to_str()) {
            Some("svg") => Ok(Self::Svg),
            Some("png") => Ok(Self::Png),
            _ => Err(Usage(format!(
                "'{}' does not say which picture to draw: end its name in .svg or .png",
                path.display()
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::canvas::Anchor;
    use super::*;

    fn picture(text: &str) -> Picture {
        let mut canvas = Canvas::new(60.0, 30.0);
        canvas.text((30.0, 15.0), Anchor::Middle, text);
        Picture::new(canvas, "a <title>".to_owned())
    }

    /// The part of the pixels that is darker than paper.
    fn ink(picture: Picture) -> usize {
        let pixels = Pixmap::decode_png(&picture.into_png().unwrap()).unwrap();
        assert_eq!((pixels.width(), pixels.height()), (120, 60));
        pixels.pixels().iter().filter(|pixel| pixel.red() < 128).count()
    }

    #[test]
    fn letters_are_drawn_with_the_font_that_comes_along() {
        assert_eq!(ink(picture("")), 0);
        assert!(ink(picture("Ж")) > 20);
        assert!(ink(picture("WWWW")) > ink(picture("ii")));
    }

    #[test]
    fn an_svg_stands_alone() {
        let svg = picture("x").into_svg();
        assert!(svg.contains("<title>a &lt;title&gt;</title>"));
        assert!(svg.contains("@font-face"));
        assert_eq!(svg.matches("http").count(), 1, "the name space and no request");
        usvg::Tree::from_str(&svg, &with_font()).unwrap();
    }

    #[test]
    fn the_name_of_the_file_says_the_format() {
        let format = |name: &str| Format::of(Path::new(name)).ok();
        assert_eq!(format("a.svg"), Some(Format::Svg));
        assert_eq!(format("a.PNG"), Some(Format::Png));
        assert_eq!(format("png"), None);
        assert_eq!(format("a.jpg"), None);
    }
}
