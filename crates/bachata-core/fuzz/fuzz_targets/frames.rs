//! Any stream, cut anywhere: the frames in it are those that a reader with all the memory in the world would find.
#![no_main]

use arbitrary::Arbitrary;
use bachata_core::{FrameReader, FrameSplitter, FrameTooLong, FrameWriter, Split};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    capacity: Capacity,
    /// How many bytes come at a time, over and over.
    chunks: Vec<u8>,
    /// How many frames are taken at most before more bytes come, over and over.
    takes: Vec<u8>,
    stream: &'a [u8],
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Capacity {
    Least,
    Small,
    Medium,
    Large,
}

fuzz_target!(|input: Input<'_>| {
    let read = match input.capacity {
        Capacity::Least => read::<3>,
        Capacity::Small => read::<10>,
        Capacity::Medium => read::<33>,
        Capacity::Large => read::<130>,
    };
    let (limit, frames) = read(&input);
    let expected = model(input.stream, limit);
    assert_eq!(frames, expected);
    assert_eq!(split(&input, limit), expected);
    write(&input, &frames);
});

type Frame = Result<Vec<u8>, FrameTooLong>;

/// The frames of a stream (`P-22`).
fn model(stream: &[u8], limit: usize) -> Vec<Frame> {
    let lines = stream.split(|byte| *byte == b'\n');
    let frames = lines.filter_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > limit {
            return Some(Err(FrameTooLong {
                seen: line.len(),
                limit,
            }));
        }
        let is_blank = line.iter().all(|byte| b" \t\r".contains(byte));
        (!is_blank).then(|| Ok(line.to_vec()))
    });
    frames.collect()
}

fn read<const N: usize>(input: &Input<'_>) -> (usize, Vec<Frame>) {
    let mut reader = FrameReader::<N>::new();
    let mut frames = Vec::new();
    let mut stream = input.stream;
    let mut chunks = Turns::new(&input.chunks);
    let mut takes = Turns::new(&input.takes);
    while !stream.is_empty() {
        let room = reader.room();
        let count = chunks.next().min(room.len()).min(stream.len());
        let is_full = room.is_empty();
        room[..count].copy_from_slice(&stream[..count]);
        reader.commit(count);
        stream = &stream[count..];
        // With no room left the frames have to be taken.
        let most = if is_full {
            usize::MAX
        } else {
            takes.next() - 1
        };
        for _ in 0..most {
            let Some(frame) = reader.next_frame() else {
                assert!(!reader.room().is_empty());
                break;
            };
            frames.push(frame.map(<[u8]>::to_vec));
        }
    }
    while let Some(frame) = reader.end_of_stream() {
        frames.push(frame.map(<[u8]>::to_vec));
    }
    (N - 2, frames)
}

fn split(input: &Input<'_>, limit: usize) -> Vec<Frame> {
    let mut splitter = FrameSplitter::new(limit);
    let mut frames = Vec::new();
    let mut unread = Vec::new();
    let mut stream = input.stream;
    let mut chunks = Turns::new(&input.chunks);
    loop {
        let count = chunks.next().min(stream.len());
        unread.extend_from_slice(&stream[..count]);
        stream = &stream[count..];
        let has_ended = stream.is_empty();
        loop {
            let found = if has_ended {
                splitter.end(&unread)
            } else {
                splitter.split(&unread)
            };
            let consumed = match found {
                Split::Frame { frame, consumed } => {
                    frames.push(Ok(unread[frame].to_vec()));
                    consumed
                }
                Split::TooLong { error, consumed } => {
                    frames.push(Err(error));
                    consumed
                }
                Split::More { consumed } => {
                    unread.drain(..consumed);
                    // A line that may become a frame, and its CR.
                    assert!(unread.len() <= limit + 1);
                    break;
                }
            };
            assert!(consumed > 0);
            unread.drain(..consumed);
        }
        if has_ended {
            assert!(unread.is_empty());
            return frames;
        }
    }
}

/// What is written is read again, however many bytes leave at a time.
fn write(input: &Input<'_>, frames: &[Frame]) {
    let mut writer = FrameWriter::<64>::new();
    let (mut sent, mut expected) = (Vec::new(), Vec::new());
    let mut chunks = Turns::new(&input.chunks);
    for frame in frames.iter().flatten() {
        while let Err(error) = writer.push_frame(frame) {
            assert_eq!(error.needed, frame.len() + 1);
            assert!(error.capacity < error.needed);
            if writer.pending().is_empty() {
                assert!(error.needed > 64);
                break;
            }
            let count = chunks.next().min(writer.pending().len());
            sent.extend_from_slice(&writer.pending()[..count]);
            writer.advance(count);
        }
        if frame.len() < 64 {
            // A CR at its end is taken for one of the line's.
            expected.push(Ok(frame.strip_suffix(b"\r").unwrap_or(frame).to_vec()));
        }
    }
    sent.extend_from_slice(writer.pending());
    assert_eq!(model(&sent, 64), expected);
}

/// Numbers from 1 to 256, over and over.
struct Turns<'a> {
    of: &'a [u8],
    at: usize,
}

impl<'a> Turns<'a> {
    fn new(of: &'a [u8]) -> Self {
        Self { of, at: 0 }
    }

    fn next(&mut self) -> usize {
        let next = self.of.get(self.at % self.of.len().max(1));
        self.at += 1;
        1 + usize::from(next.copied().unwrap_or(255))
    }
}
