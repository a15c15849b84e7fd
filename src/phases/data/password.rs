//! Passwords and random words, made here and kept in Secrets Manager only.

use rand::seq::IndexedRandom;

use crate::model::Secret;

/// Letters and digits: RDS refuses `/`, `"`, `@` and space, and shells, URLs and YAML are spared the rest.
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A random word of letters and digits from the operating system's generator, about 5.95 bits a letter.
pub(super) fn word(length: usize) -> Secret {
    let mut random = rand::rng();
    let letters = (0..length).filter_map(|_| ALPHABET.choose(&mut random));
    Secret::new(letters.map(|b| char::from(*b)).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn a_password_is_long_and_has_nothing_that_rds_refuses() {
        let (a, b) = (word(32), word(32));
        assert_eq!(a.expose().len(), 32);
        assert!(a.expose().bytes().all(|b| b.is_ascii_alphanumeric()));
        assert_ne!(a, b);
    }
}
