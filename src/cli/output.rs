//! What commands print. Whoever reads it may have gone, as `head` goes when it has seen enough.
//! That is no fault, and ends neither a command nor a running service, as `println!` would.

use std::io::{self, ErrorKind, Write, stdout};

/// Prints on standard output.
///
/// # Errors
/// When it cannot be written although somebody would read it, such as on a full disk.
pub(super) fn print(text: &str) -> io::Result<()> {
    print_on(&mut stdout().lock(), text)
}

fn print_on(out: &mut impl Write, text: &str) -> io::Result<()> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails in this way.
    struct Failing(ErrorKind);

    impl Write for Failing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_reader_who_has_gone_is_no_fault_and_a_full_disk_is_one() {
        print_on(&mut Failing(ErrorKind::BrokenPipe), "text").unwrap();
        let failed = print_on(&mut Failing(ErrorKind::StorageFull), "text").unwrap_err();
        assert_eq!(failed.kind(), ErrorKind::StorageFull);
        let mut out = Vec::new();
        print_on(&mut out, "text").unwrap();
        assert_eq!(out, b"text", "the control");
    }
}
