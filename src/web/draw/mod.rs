//! Pictures as SVG: pure functions, colours and lengths as attributes, since the policy of the
//! pages blocks styles.

pub mod burn_down;
pub mod projection;
pub mod qr;
