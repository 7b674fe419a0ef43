//! One block of Snappy without a frame around it, as it stands in requests of Prometheus and in caches of Go programs.
//! Own code, since a reader that wants room for all that a block announces gives nothing of one that is damaged or too big.

/// Unpacks a block onto `out`, which is empty, and stops once it has more than `limit` bytes.
pub(super) fn block(packed: &[u8], out: &mut Vec<u8>, limit: usize) -> Result<(), String> {
    let mut rest = packed;
    let announced = length(&mut rest).ok_or("it does not begin with its length")?;
    while let [tag, behind @ ..] = rest {
        if out.len() > limit {
            return Ok(());
        }
        rest = behind;
        match tag & 3 {
            0 => literal(*tag, &mut rest, out)?,
            1 => {
                let low = usize::from(byte(&mut rest)?);
                copy(usize::from(tag >> 5) << 8 | low, usize::from(tag >> 2 & 7) + 4, out)?;
            }
            2 => copy(number(&mut rest, 2)?, usize::from(tag >> 2) + 1, out)?,
            _ => copy(number(&mut rest, 4)?, usize::from(tag >> 2) + 1, out)?,
        }
    }
    if out.len() == announced || out.len() > limit {
        return Ok(());
    }
    Err(format!("it announces {announced} bytes and has {}", out.len()))
}

/// The bytes that a block announces: seven bits a byte, the lowest first, 32 at most.
fn length(rest: &mut &[u8]) -> Option<usize> {
    let mut length = 0_u64;
    for shift in (0..35).step_by(7) {
        let (first, behind) = rest.split_first()?;
        *rest = behind;
        length |= u64::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return u32::try_from(length).ok().map(|length| length as usize);
        }
    }
    None
}

/// Bytes that stand there as they are.
fn literal(tag: u8, rest: &mut &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    let length = match usize::from(tag >> 2) {
        short @ 0..=59 => short,
        long => number(rest, long - 59)?,
    } + 1;
    let whole = rest.get(..length);
    // Of bytes that were cut off, those that are there.
    out.extend_from_slice(whole.unwrap_or(rest));
    *rest = rest.get(length..).unwrap_or_default();
    whole.map(|_| ()).ok_or_else(ends)
}

/// Bytes that came before; what they make may be part of them.
fn copy(back: usize, length: usize, out: &mut Vec<u8>) -> Result<(), String> {
    let from = out.len().checked_sub(back).filter(|_| back > 0).ok_or("it refers to bytes before its start")?;
    for at in from..from + length {
        let byte = out.get(at).copied().unwrap_or_default();
        out.push(byte);
    }
    Ok(())
}

fn byte(rest: &mut &[u8]) -> Result<u8, String> {
    let (first, behind) = rest.split_first().ok_or_else(ends)?;
    *rest = behind;
    Ok(*first)
}

/// A number of so many bytes, the lowest first.
fn number(rest: &mut &[u8], bytes: usize) -> Result<usize, String> {
    let mut number = 0_u64;
    for at in 0..bytes {
        number |= u64::from(byte(rest)?) << (8 * at);
    }
    usize::try_from(number).map_err(|e| e.to_string())
}

fn ends() -> String {
    "it ends too early".into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_what_the_library_says(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut out = Vec::new();
            let own = block(&bytes, &mut out, 1 << 20);
            // What announces much is not tried with a library that makes room for it.
            if snap::raw::decompress_len(&bytes).is_ok_and(|length| length < 1 << 20) && !bytes.is_empty() {
                let theirs = snap::raw::Decoder::new().decompress_vec(&bytes);
                prop_assert_eq!(own.is_ok(), theirs.is_ok());
                if let Ok(theirs) = theirs {
                    prop_assert_eq!(out, theirs);
                }
            }
        }

        #[test]
        fn what_was_packed_comes_back(pieces in prop::collection::vec(prop::sample::select(vec!["a", "jetscope", "\0\0\0\0\0\0\0\0", "order/4711"]), 0..400)) {
            let text = pieces.concat().into_bytes();
            let packed = snap::raw::Encoder::new().compress_vec(&text).unwrap();
            let mut out = Vec::new();
            prop_assert_eq!(block(&packed, &mut out, 1 << 20), Ok(()));
            prop_assert_eq!(&out, &text);
            let mut part = Vec::new();
            prop_assert!(text.is_empty() || block(&packed[..packed.len() - 1], &mut part, 1 << 20).is_err());
            prop_assert!(text.starts_with(&part));
        }
    }
}
