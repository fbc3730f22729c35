use super::*;

/// The numbers of a column read together.
fn read(texts: &[&str]) -> Result<Vec<f64>, String> {
    let (mut separators, mut values) = (Separators::default(), Vec::new());
    for (line, text) in (2..).zip(texts) {
        let Cell::Written(written, _) = Cell::parse(text.as_bytes()) else {
            return Err(format!("{text} is no number"));
        };
        separators.take(written.form, ("line", line, text), (0, values.len()))?;
        values.push(written.value);
    }
    for ((_, at), scale) in separators.settle("line", false)? {
        values[at] = scale.apply(values[at]);
    }
    Ok(values)
}

#[test]
fn cells_are_missing_numbers_or_text() {
    for text in ["", "  ", "NaN", "nan", "null", "NA", "N/A", "#N/A", "#N/A N/A", "None", ".", "-", "--", "<NA>"] {
        assert_eq!(Cell::parse(text.as_bytes()), Cell::Missing, "{text}");
    }
    for text in [
        "abc",
        "inf",
        "-Infinity",
        "1e999",
        "1,2,456",
        "12,34,5",
        "1.2.3",
        "$",
        "%",
        "1 23",
        "1,",
        ",",
        "12 %%",
        "(5)",
        "1a",
    ] {
        assert_eq!(Cell::parse(text.as_bytes()), Cell::Text(text), "{text}");
    }
}

#[test]
fn numbers_that_can_be_read_in_one_way_alone() {
    for (text, value) in [
        (" 1.5 ", 1.5),
        ("-1e3", -1000.0),
        ("1,234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1,234,567", 1_234_567.0),
        ("1.234.567", 1_234_567.0),
        ("422,40", 422.4),
        ("0,123", 0.123),
        ("1234,567", 1234.567),
        ("1234.567", 1234.567),
        ("$601.20", 601.2),
        ("-$5", -5.0),
        ("$ -5.25", -5.25),
        ("12,50 €", 12.5),
        ("0.1%", 0.1),
        ("1'234.50", 1234.5),
        ("1 234,50", 1234.5),
        ("1\u{202f}234,567", 1234.567),
        ("+5", 5.0),
        (".5", 0.5),
    ] {
        assert_eq!(read(&[text]), Ok(vec![value]), "{text}");
    }
}

#[test]
fn others_say_how_an_open_one_is_meant() {
    assert_eq!(read(&["1,234", "675.84"]), Ok(vec![1234.0, 675.84]));
    assert_eq!(read(&["675.84", "1,234"]), Ok(vec![675.84, 1234.0]));
    assert_eq!(read(&["1,234", "675,84"]), Ok(vec![1.234, 675.84]));
    assert_eq!(read(&["1.234", "5", "1.234,50", "1.235"]), Ok(vec![1234.0, 5.0, 1234.5, 1235.0]));
    assert_eq!(read(&["101.234", "99.5"]), Ok(vec![101.234, 99.5]));
    assert_eq!(read(&["101.234", "99.125"]), Ok(vec![101.234, 99.125]), "a plain number is what it seems");
    let error = read(&["1,234", "1,235"]).unwrap_err();
    assert!(
        error.starts_with("line 2: `1,234` is 1234 with a separator of thousands or 1.234 with a decimal one"),
        "{error}"
    );
    let error = read(&["675.84", "12,5"]).unwrap_err();
    assert!(error.starts_with("line 2 `675.84` has a decimal point and line 3 `12,5` a decimal comma"), "{error}");
    let error = read(&["101.234", "99.125", "12,5"]).unwrap_err();
    assert!(error.contains("`101.234` is 101234 with a separator of thousands or 101.234"), "{error}");
}

#[test]
fn signs_agree_within_a_column() {
    let signs = |texts: &[&str]| {
        let mut signs = Signs::default();
        for (line, text) in (2..).zip(texts) {
            let Cell::Written(written, _) = Cell::parse(text.as_bytes()) else { panic!("{text}") };
            signs.take(&written, line);
        }
        signs
    };
    assert_eq!(signs(&["$1", "2"]).settle("line", false), Ok(None));
    assert_eq!(signs(&["1 €", "2 €"]).settle("line", false), Ok(Some('€')));
    assert_eq!(signs(&["4.1%", "4.2%"]).settle("line", true), Ok(None));
    let error = signs(&["$1", "2", "€2"]).settle("line", false).unwrap_err();
    assert!(error.contains("`$` in line 2 and `€` in line 4"), "{error}");
    let error = signs(&["1", "2%"]).settle("line", false).unwrap_err();
    assert!(error.contains("a percentage in line 3"), "{error}");
    let error = signs(&["1", "2%"]).settle("line", true).unwrap_err();
    assert!(error.contains("a percent sign in line 3 and none in line 2"), "{error}");
}
