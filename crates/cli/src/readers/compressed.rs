//! Unpacking gzip and Zstandard, recognised by bytes that no UTF-8 text begins with.
//!
//! Before a frame of Zstandard may stand others that hold no text. What looks like them alone is a text.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::GzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTANDARD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
/// A frame that holds no text, behind a byte from 0x50 to 0x5f.
const SKIPPED: &[u8] = &[0x2a, 0x4d, 0x18];
/// So many bytes of such frames are looked through for one that holds text.
const MOST_SKIPPED: usize = 1 << 20;
/// Packed bytes read at once.
const BUFFER: usize = 1 << 17;

/// The contents of `reader`, unpacked if they are packed.
pub(super) fn unpacked(mut reader: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
    let mut head = Vec::with_capacity(ZSTANDARD.len());
    let is_zstandard = is_zstandard(&mut head, &mut reader)?;
    let packing = (head.starts_with(GZIP), is_zstandard);
    let whole = Cursor::new(head).chain(reader);
    Ok(match packing {
        (true, _) => Box::new(Members::new(BufReader::with_capacity(BUFFER, whole))),
        (_, true) => Box::new(Frames::new(BufReader::with_capacity(BUFFER, whole))),
        _ => Box::new(whole),
    })
}

/// Reads as much into `head` as tells whether it begins a Zstandard file.
fn is_zstandard(head: &mut Vec<u8>, reader: &mut impl Read) -> io::Result<bool> {
    let mut frame = 0;
    while frame < MOST_SKIPPED {
        match field(head, reader, frame)? {
            Some(magic) if magic == ZSTANDARD => return Ok(true),
            Some(magic) if magic[0] & 0xf0 == 0x50 && magic[1..] == *SKIPPED => {}
            _ => return Ok(false),
        }
        let Some(length) = field(head, reader, frame + 4)? else { return Ok(false) };
        frame = (frame + 8).saturating_add(u32::from_le_bytes(length) as usize);
    }
    Ok(false)
}

/// The four bytes at `from`, if there are as many, which are read into `head`.
fn field(head: &mut Vec<u8>, reader: &mut impl Read, from: usize) -> io::Result<Option<[u8; 4]>> {
    let missing = (from + 4).saturating_sub(head.len());
    reader.take(missing as u64).read_to_end(head)?;
    Ok(head.get(from..).and_then(|bytes| bytes.first_chunk()).copied())
}

/// The contents of a gzip file: one member or several, one behind the other, and zeros behind them, which fill a block of
/// a tape.
struct Members<R> {
    /// The one that is read; none at the end.
    decoder: Option<GzDecoder<R>>,
}

impl<R: BufRead> Members<R> {
    fn new(packed: R) -> Self {
        Self { decoder: Some(GzDecoder::new(packed)) }
    }

    /// Enters the next member, if there is one.
    fn enter(&mut self) -> io::Result<()> {
        let Some(mut packed) = self.decoder.take().map(GzDecoder::into_inner) else {
            return Ok(());
        };
        loop {
            let bytes = packed.fill_buf()?;
            match bytes.iter().position(|&byte| byte != 0) {
                None if bytes.is_empty() => return Ok(()),
                None => {
                    let zeros = bytes.len();
                    packed.consume(zeros);
                }
                Some(zeros) => {
                    packed.consume(zeros);
                    self.decoder = Some(GzDecoder::new(packed));
                    return Ok(());
                }
            }
        }
    }
}

impl<R: BufRead> Read for Members<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        while let Some(decoder) = &mut self.decoder {
            match decoder.read(buffer) {
                Ok(0) => self.enter()?,
                Ok(bytes) => return Ok(bytes),
                Err(error) if is_of_contents(&error) => return Err(damaged("gzip", &error)),
                Err(error) => return Err(error),
            }
        }
        Ok(0)
    }
}

/// The contents of a Zstandard file: one frame or several, one behind the other.
struct Frames<R> {
    packed: R,
    decoder: FrameDecoder,
    within: bool,
}

impl<R: BufRead> Frames<R> {
    fn new(packed: R) -> Self {
        Self { packed, decoder: FrameDecoder::new(), within: false }
    }

    /// Enters the next frame, or passes over one that holds no text.
    fn enter(&mut self) -> io::Result<()> {
        use FrameDecoderError::{ReadFrameHeaderError as Header, WindowSizeTooBig};
        use ReadFrameHeaderError::{BadMagicNumber, SkipFrame};
        match self.decoder.init(&mut self.packed) {
            Ok(()) => self.within = true,
            Err(Header(SkipFrame { length, .. })) => {
                let frame = &mut self.packed.by_ref().take(length.into());
                if io::copy(frame, &mut io::sink())? < length.into() {
                    return Err(invalid("the Zstandard data ends too early"));
                }
            }
            Err(Header(BadMagicNumber(_))) => {
                return Err(invalid("the Zstandard data is followed by something else"));
            }
            Err(WindowSizeTooBig { requested, max }) => {
                return Err(invalid(format!(
                    "its window of {requested} bytes is above {max}: unpack it with zstd -d --long=31"
                )));
            }
            Err(error) => return Err(damaged("Zstandard", &error)),
        }
        Ok(())
    }

    /// Reads within a frame; 0 bytes are its end.
    fn read_frame(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            let one = BlockDecodingStrategy::UptoBlocks(1);
            self.decoder
                .decode_blocks(&mut self.packed, one)
                .map_err(|error| damaged("Zstandard", &error))?;
        }
        self.decoder.read(buffer)
    }

    /// Leaves a frame that is read to its end.
    fn leave(&mut self) -> io::Result<()> {
        self.within = false;
        let stored = self.decoder.get_checksum_from_data();
        if stored.is_some() && stored != self.decoder.get_calculated_checksum() {
            return Err(invalid("the Zstandard data is damaged: a checksum does not match"));
        }
        Ok(())
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if self.within {
                match self.read_frame(buffer)? {
                    0 => self.leave()?,
                    bytes => return Ok(bytes),
                }
            } else if self.packed.fill_buf()?.is_empty() {
                return Ok(0);
            } else {
                self.enter()?;
            }
        }
    }
}

/// Whether the decoder says it, and not what the packed bytes are read from.
fn is_of_contents(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    [InvalidData, InvalidInput, UnexpectedEof].contains(&error.kind())
}

fn damaged(packing: &str, error: &(dyn Error + 'static)) -> io::Error {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    let early = |cause: &io::Error| cause.kind() == io::ErrorKind::UnexpectedEof;
    if causes.any(|cause| cause.downcast_ref().is_some_and(early)) {
        return invalid(format!("the {packing} data ends too early"));
    }
    invalid(format!("the {packing} data is damaged: {error}"))
}

fn invalid(reason: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.into())
}
