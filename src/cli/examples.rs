//! Examples that ship inside the program: published aggregate figures, each with its source in its locality.toml.

/// A bundle as its files.
#[derive(Debug)]
pub(super) struct Example {
    pub(super) name: &'static str,
    files: &'static [(&'static str, &'static str)],
}

macro_rules! example {
    ($name:literal: $($file:literal)*) => {
        Example {
            name: $name,
            files: &[$(($file, include_str!(concat!("examples/", $name, "/", $file)))),*],
        }
    };
}

/// Need and receipt of 8,459 children aged 9 to 15: the one complete published table, and the field's own example.
pub(super) const PERTH_KINROSS: Example = example!("perth-kinross":
    "locality.toml" "areas.csv" "population.csv" "kinds.csv" "needs.csv" "services.csv" "meets.csv" "offers.csv"
    "receipts.csv");

impl Example {
    /// As they would stand in a folder.
    pub(super) fn files(&self) -> Vec<(String, Vec<u8>)> {
        self.files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
    }
}
