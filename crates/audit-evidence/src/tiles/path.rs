//! Names of tiles (tlog-tiles, "Merkle Tree" and "Log Entries").

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::TILE_WIDTH;

/// A tile of hashes or a bundle of entries, named by its place and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tile {
    /// Level of the hashes, 0 to 7; none for a bundle of entries.
    pub level: Option<u8>,
    /// Which of the level's tiles, from the left.
    pub index: u64,
    /// Elements: 256, or fewer on the right border.
    pub width: u64,
}

/// A name that no tile has.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{text}` names no tile: {why} (like `tile/0/x001/067.p/5` or `tile/entries/000`)")]
pub struct TilePathError {
    /// The name.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            Some(level) => write!(f, "tile/{level}/")?,
            None => write!(f, "tile/entries/")?,
        }
        // Groups of three digits, all but the last behind an `x`.
        let digits = self.index.to_string();
        let groups = digits.len().div_ceil(3);
        let padded = format!("{digits:0>width$}", width = groups * 3);
        for (at, sign) in padded.chars().enumerate() {
            if at % 3 == 0 {
                if at > 0 {
                    write!(f, "/")?;
                }
                if at / 3 + 1 < groups {
                    write!(f, "x")?;
                }
            }
            write!(f, "{sign}")?;
        }
        if self.width < TILE_WIDTH {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

impl FromStr for Tile {
    type Err = TilePathError;

    /// Accepts the one spelling that [`Tile`] prints.
    fn from_str(text: &str) -> Result<Self, TilePathError> {
        let wrong = |why| TilePathError { text: text.chars().take(80).collect(), why };
        let rest = text.strip_prefix("tile/").ok_or_else(|| wrong("it begins with `tile/`"))?;
        let (level, rest) = rest.split_once('/').ok_or_else(|| wrong("it has no place"))?;
        let level = match level {
            "entries" => None,
            digit => {
                let level = digit.parse::<u8>().map_err(|_| wrong("the level is a digit"))?;
                Some(level)
            }
        };
        let (place, width) = match rest.split_once(".p/") {
            Some((place, width)) => {
                (place, width.parse::<u64>().map_err(|_| wrong("the width is a number"))?)
            }
            None => (rest, TILE_WIDTH),
        };
        let mut index: u64 = 0;
        for group in place.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            let number =
                digits.parse::<u64>().map_err(|_| wrong("the place is in groups of digits"))?;
            index = index
                .checked_mul(1000)
                .and_then(|index| index.checked_add(number))
                .ok_or_else(|| wrong("the place is too large"))?;
        }
        let tile = Self { level, index, width };
        let fits = (1..=TILE_WIDTH).contains(&width) && level.is_none_or(|level| level < 8);
        if !fits {
            return Err(wrong("the width is 1 to 255, the level 0 to 7"));
        }
        // Printing gives the one spelling; whatever differs from it is another one.
        if tile.to_string() == text { Ok(tile) } else { Err(wrong("it is spelt otherwise")) }
    }
}

#[cfg(test)]
mod tests {
    use super::Tile;

    #[test]
    fn names_are_those_of_the_specification() {
        for (index, name) in [
            (0, "tile/0/000"),
            (67, "tile/0/067"),
            (999, "tile/0/999"),
            (1000, "tile/0/x001/000"),
            (1_234_067, "tile/0/x001/x234/067"),
        ] {
            let tile = Tile { level: Some(0), index, width: 256 };
            assert_eq!(tile.to_string(), name);
            assert_eq!(name.parse(), Ok(tile));
        }
        let partial = Tile { level: None, index: 5, width: 7 };
        assert_eq!(partial.to_string(), "tile/entries/005.p/7");
        assert_eq!("tile/entries/005.p/7".parse(), Ok(partial));
    }

    #[test]
    fn one_spelling_is_accepted() {
        for name in [
            "",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/00",
            "tile/0/0000",
            "tile/0/x000/001",
            "tile/0/001.p/0",
            "tile/0/001.p/256",
            "tile/0/001.p/05",
            "tile/8/000",
            "tile/00/000",
            "tile/-1/000",
            "tile/0/+01",
            "tile/0/001/002",
            "tile/data/000",
            "tile/0/x001/x002",
            "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
            "tile/0/001.p/",
            "tile/0/é",
        ] {
            assert!(name.parse::<Tile>().is_err(), "{name}");
        }
    }
}
