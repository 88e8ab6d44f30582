//! A number as a QR code of the smallest size, for a scanner at a clinic. Digits alone: a scanner
//! types them into whatever field is focused, in every input method, and a stranger's camera opens
//! nothing.

use std::fmt::Write as _;

use fast_qr::{ECL, QRBuilder, QRCode, Version};

use crate::web::text::Html;

/// Light modules that scanners need around the code.
const MARGIN: usize = 4;

/// The picture of at most 17 digits, with its name for those who do not see it; none of anything
/// else. Always dark on light, which some scanners insist on.
pub fn picture(digits: &str, name: &str) -> Option<Html> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // 17 digits are what the smallest code holds with a third of it in reserve for dirt and folds.
    let code = QRBuilder::new(digits).ecl(ECL::H).version(Version::V01).build().ok()?;
    let size = code.size + 2 * MARGIN;
    let name = crate::html::escape(name);
    Some(Html(format!(
        "<svg class=\"qr\" viewBox=\"0 0 {size} {size}\" role=\"img\" \
         shape-rendering=\"crispEdges\">\
         <title>{name}</title><rect width=\"{size}\" height=\"{size}\" fill=\"#fff\"/>\
         <path fill=\"#000\" d=\"{}\"/></svg>",
        path(&code)
    )))
}

/// One rectangle for each run of dark modules in a row.
fn path(code: &QRCode) -> String {
    let mut path = String::new();
    for y in 0..code.size {
        let mut x = 0;
        while x < code.size {
            let run = (x..code.size).take_while(|&at| is_dark(code, at, y)).count();
            if run > 0 {
                // Writing to a string does not fail.
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + MARGIN, y + MARGIN);
            }
            x += run + 1;
        }
    }
    path
}

fn is_dark(code: &QRCode, x: usize, y: usize) -> bool {
    code.data.get(y * code.size + x).is_some_and(|module| module.value())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: usize = 21 + 2 * MARGIN;

    /// The picture as a scanner sees it.
    fn pixels(svg: &str) -> Vec<bool> {
        let (_, path) = svg.split_once(" d=\"").unwrap();
        let (path, _) = path.split_once('"').unwrap();
        let mut dark = vec![false; SIZE * SIZE];
        for run in path.split('M').skip(1) {
            let mut numbers = run.split([' ', 'h', 'v']);
            let [x, y, length] =
                [(); 3].map(|()| numbers.next().unwrap().parse::<usize>().unwrap());
            for at in x..x + length {
                dark[y * SIZE + at] = true;
            }
        }
        dark
    }

    fn scan(dark: &[bool]) -> Option<String> {
        const SCALE: usize = 6;
        let side = SIZE * SCALE;
        let shade = |x: usize, y: usize| match dark[y / SCALE * SIZE + x / SCALE] {
            true => 0,
            false => 255,
        };
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, shade);
        let grids = image.detect_grids();
        grids.first().and_then(|grid| grid.decode().ok()).map(|(_, text)| text)
    }

    #[test]
    fn a_scanner_reads_the_digits() {
        for digits in ["4829135507", "0000000000", "9", "12345678901234567"] {
            let svg = picture(digits, "x").unwrap().to_string();
            assert_eq!(scan(&pixels(&svg)).as_deref(), Some(digits));
        }
    }

    #[test]
    fn a_fold_or_a_stain_is_forgiven() {
        let mut dark = pixels(&picture("4829135507", "x").unwrap().to_string());
        for row in 12..15 {
            dark[row * SIZE + 20..row * SIZE + 25].fill(true);
        }
        assert_eq!(scan(&dark).as_deref(), Some("4829135507"));
        dark[10 * SIZE..].fill(true);
        assert_eq!(scan(&dark), None, "the control");
    }

    #[test]
    fn what_is_no_number_is_not_drawn_and_a_name_holds_no_markup() {
        for bad in ["", "482 913", "https://a.example", "１２", "123456789012345678"] {
            assert!(picture(bad, "x").is_none(), "{bad}");
        }
        let svg = picture("1", "<b>\"").unwrap().to_string();
        assert!(svg.contains("<title>&lt;b&gt;&quot;</title>"), "{svg}");
        assert!(svg.len() < 2_500, "{}", svg.len());
        assert!(!svg.contains("style"));
    }
}
