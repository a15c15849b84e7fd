//! Values that Kubernetes writes in its own way: quantities and durations.

/// A quantity such as `500m`, `2Gi` or `1e3`, as a number; `None` if the text is none.
fn quantity(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 15] = [
        ("Ki", 1024.0),
        ("Mi", 1048576.0),
        ("Gi", 1073741824.0),
        ("Ti", 1099511627776.0),
        ("Pi", 1125899906842624.0),
        ("Ei", 1152921504606846976.0),
        ("n", 1e-9),
        ("u", 1e-6),
        ("m", 1e-3),
        ("k", 1e3),
        ("M", 1e6),
        ("G", 1e9),
        ("T", 1e12),
        ("P", 1e15),
        ("E", 1e18),
    ];
    let number = |text: &str| {
        text.parse::<f64>().ok().filter(|n| {
            n.is_finite() && text.starts_with(['+', '-', '.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        })
    };
    if let Some(value) = number(text) {
        return Some(value);
    }
    UNITS.iter().find_map(|(unit, factor)| Some(number(text.strip_suffix(unit)?)? * factor))
}

/// A duration such as `2160h0m0s`, in seconds; `None` if the text is none.
fn duration(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').filter(|n| *n > 0)?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        total += number
            * match &rest[..unit] {
                "h" => 3600.0,
                "m" => 60.0,
                "s" => 1.0,
                "ms" => 1e-3,
                _ => return None,
            };
        rest = &rest[unit..];
    }
    (!text.is_empty()).then_some(total)
}

/// True if two texts are the same quantity or the same duration.
pub(super) fn same(a: &str, b: &str) -> bool {
    let equal = |a: Option<f64>, b: Option<f64>| matches!((a, b), (Some(a), Some(b)) if (a - b).abs() <= 1e-9 * a.abs().max(b.abs()));
    equal(quantity(a), quantity(b)) || equal(duration(a), duration(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_values_are_the_same() {
        let table = [
            ("1000m", "1"),
            ("0.1", "100m"),
            ("1024Mi", "1Gi"),
            ("1e3", "1k"),
            ("2160h", "2160h0m0s"),
            ("90s", "1m30s"),
            ("1.5Gi", "1536Mi"),
            ("100u", "0.1m"),
        ];
        for (a, b) in table {
            assert!(same(a, b), "{a} = {b}");
        }
    }

    #[test]
    fn different_values_are_not() {
        for (a, b) in
            [("1", "2"), ("1Gi", "1G"), ("1h", "1m"), ("a", "b"), ("", ""), ("inf", "inf"), ("m", "m"), ("500m", "0.6")]
        {
            assert!(!same(a, b), "{a} = {b}");
        }
    }
}
