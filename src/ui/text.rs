//! Words, signs and colours that all views share.

use std::time::Duration;

use crate::model::Action;

/// A duration as people say it: `0.4s`, `12s`, `3m 05s`, `1h 02m`.
pub fn took(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{:.1}s", duration.as_secs_f64().min(0.9)),
        1..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// What is done, as a verb.
pub fn verb(action: Action) -> &'static str {
    match action {
        Action::NoOp => "wait for",
        Action::Create => "create",
        Action::Adopt => "adopt",
        Action::Update => "update",
        Action::Replace => "replace",
        Action::Delete => "delete",
    }
}

/// A colour of the terminal.
#[derive(Debug, Clone, Copy)]
pub enum Color {
    /// Good, new.
    Green,
    /// To be watched, changed.
    Yellow,
    /// Bad, gone.
    Red,
    /// Beside the point.
    Dim,
    /// A heading.
    Bold,
}

/// The text in a colour, if there are colours.
pub fn paint(on: bool, color: Color, text: &str) -> String {
    if !on || text.is_empty() {
        return text.into();
    }
    let code = match color {
        Color::Green => 32,
        Color::Yellow => 33,
        Color::Red => 31,
        Color::Dim => 2,
        Color::Bold => 1,
    };
    format!("\x1b[{code}m{text}\x1b[0m")
}

/// The first line of a message.
pub fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let show = |ms| took(Duration::from_millis(ms));
        assert_eq!(show(0), "0.0s");
        assert_eq!(show(430), "0.4s");
        assert_eq!(show(999), "0.9s");
        assert_eq!(show(12_400), "12s");
        assert_eq!(show(185_000), "3m 05s");
        assert_eq!(show(3_725_000), "1h 02m");
    }
}
