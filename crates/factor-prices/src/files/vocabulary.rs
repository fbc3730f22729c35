//! Exports whose headers say what they are only all together: words of another language, or single letters.
//!
//! One of these words alone may be a ticker (`BAS`, `C`), so a header is read by them only where all of its words are of one
//! export, with a date, one price and two further ones.

use super::names::{Field, Name, plain};

/// The words of one export, without case, spaces and signs.
struct Vocabulary {
    date: &'static [&'static str],
    close: &'static [&'static str],
    other: &'static [&'static str],
}

const EXPORTS: [Vocabulary; 6] = [
    // Polygon.
    Vocabulary { date: &["t"], close: &["c"], other: &["o", "h", "l", "v", "vw", "n"] },
    // Ariva, Investing.com, Onvista.
    Vocabulary {
        date: &["datum"],
        close: &["schlusskurs", "schlußkurs", "schluss", "zuletzt", "kurs"],
        other: &[
            "erster",
            "eröffn",
            "eröffnung",
            "eröffnungskurs",
            "hoch",
            "tageshoch",
            "tief",
            "tagestief",
            "stuecke",
            "stücke",
            "volumen",
            "vol",
            "+%",
            "änderung%",
            "umsatz",
        ],
    },
    // Boursorama, Investing.com.
    Vocabulary {
        date: &["date"],
        close: &["clot", "clôture", "cloture", "dernier"],
        other: &[
            "ouv",
            "ouverture",
            "haut",
            "plushaut",
            "bas",
            "plusbas",
            "vol",
            "volume",
            "devise",
            "variation%",
            "var%",
        ],
    },
    Vocabulary {
        date: &["fecha"],
        close: &["último", "ultimo", "cierre"],
        other: &["apertura", "máximo", "maximo", "mínimo", "minimo", "vol", "volumen", "%var", "var%"],
    },
    Vocabulary {
        date: &["data"],
        close: &["ultimo", "chiusura"],
        other: &["apertura", "massimo", "max", "minimo", "min", "vol", "volume", "var%"],
    },
    Vocabulary {
        date: &["data"],
        close: &["último", "ultimo", "fechamento"],
        other: &["abertura", "máxima", "máximo", "mínima", "mínimo", "vol", "volume", "var%"],
    },
];

/// Fewest words of an export besides its date and its price.
const FEWEST: usize = 2;

/// What the columns are of a header that is one of these exports'.
pub(super) fn names(line: &[String]) -> Option<Vec<Name>> {
    let words: Vec<String> = line.iter().map(|cell| plain(cell)).collect();
    EXPORTS.iter().find_map(|export| {
        let count = |known: &[&str]| words.iter().filter(|word| known.contains(&word.as_str())).count();
        let filled = words.iter().filter(|word| !word.is_empty()).count();
        let (dates, closes, others) = (count(export.date), count(export.close), count(export.other));
        let is_it = dates == 1 && closes == 1 && others >= FEWEST && dates + closes + others == filled;
        is_it.then(|| words.iter().map(|word| export.name(word)).collect())
    })
}

impl Vocabulary {
    fn name(&self, word: &str) -> Name {
        match () {
            () if self.date.contains(&word) => Name::Date,
            () if self.close.contains(&word) => Name::Field(Field::Close, None),
            () if word == "devise" => Name::Currency,
            () if word.is_empty() => Name::Nothing,
            () => Name::Field(Field::Other, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Option<Vec<Name>> {
        names(&header.split(',').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn all_words_of_a_header_are_one_export_s() {
        let (close, other) = (Name::Field(Field::Close, None), Name::Field(Field::Other, None));
        let german = of("\u{feff}Datum,Zuletzt,Eröffn.,Hoch,Tief,Vol.,+/- %").unwrap();
        assert_eq!((&german[0], &german[1], &german[6]), (&Name::Date, &close, &other));
        assert_eq!(of("v,vw,o,c,h,l,t,n").unwrap()[6], Name::Date);
        assert_eq!(of("date,ouv,haut,bas,clot,vol,devise").unwrap()[6], Name::Currency);
        for header in ["date,BAS,C", "Datum,Hoch,Tief", "t,c", "date,o,h,l,c", "Datum,Hoch,Tief,Schluss,SAP", "a,b"] {
            assert_eq!(of(header), None, "{header}");
        }
    }
}
