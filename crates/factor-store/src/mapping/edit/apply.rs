//! What an edit does to rows.

use std::collections::HashSet;

use factor_types::{Category, Ticker};
use indexmap::IndexSet;

use super::{EditReport, EditedRow, IndustryEdit, MappingEdit, RowFate};
use crate::{
    MappingKind, ProxyRow, StoreError,
    mapping::rules::{checked, in_order},
};

impl MappingEdit {
    /// The rows after this edit, in order, and what became of each row it touched. Rows it does not touch stay as they
    /// are.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a row that says what rows may not say, a row or a canonical ETF given twice, and a
    /// row that should be there and is not.
    pub fn apply(&self, rows: &[ProxyRow]) -> Result<(Vec<ProxyRow>, EditReport), StoreError> {
        let mut book = Book { rows: rows.to_vec(), report: Vec::new() };
        match self {
            Self::Upsert(given) => book.upsert(given)?,
            Self::Industry(edit) => book.industry(edit)?,
            Self::Replace { category, key, old, new } => book.replace(*category, key, old, new)?,
            Self::Deactivate { category, key, etf } => book.deactivate(*category, key, etf)?,
            Self::Clear(category) => book.clear(*category),
        }
        Ok((in_order(book.rows), EditReport { imported: 0, rows: book.report }))
    }

    /// The categories it names.
    pub(crate) fn categories(&self) -> Vec<Category> {
        match self {
            Self::Upsert(rows) => rows.iter().map(|row| row.category).collect(),
            Self::Industry(_) => vec![Category::Industry],
            Self::Replace { category, .. } | Self::Deactivate { category, .. } | Self::Clear(category) => {
                vec![*category]
            }
        }
    }
}

/// Rows that are checked and fit together: none twice, one canonical ETF for a key.
pub(crate) fn fitting(given: &[ProxyRow]) -> Result<Vec<ProxyRow>, StoreError> {
    let mut seen = HashSet::new();
    let mut canonical = HashSet::new();
    let mut rows = Vec::with_capacity(given.len());
    for row in given {
        let row = checked(row).map_err(StoreError::Refused)?;
        if !seen.insert(identity(&row)) {
            let what = if row.category == Category::Industry { "" } else { row.etf.as_str() };
            return Err(refused(format!("{} `{}` {what} is given twice: keep one", row.category, row.key)));
        }
        if row.canonical && !canonical.insert((row.category, row.key.clone())) {
            return Err(refused(format!(
                "{} `{}` has two canonical ETFs, {} is the second: keep one, the others are alternates",
                row.category, row.key, row.etf
            )));
        }
        rows.push(row);
    }
    Ok(rows)
}

struct Book {
    rows: Vec<ProxyRow>,
    report: Vec<EditedRow>,
}

impl Book {
    fn upsert(&mut self, given: &[ProxyRow]) -> Result<(), StoreError> {
        let given = fitting(given)?;
        let named: HashSet<_> = given.iter().map(identity).collect();
        for row in &given {
            let row = &self.kept_where_unsaid(row);
            self.put(row.clone());
            if row.canonical {
                self.make_alternates(row, &named);
            }
        }
        Ok(())
    }

    /// The row with what is stored of it where it says nothing itself.
    fn kept_where_unsaid(&self, given: &ProxyRow) -> ProxyRow {
        let same = identity(given);
        let Some(stored) = self.rows.iter().find(|stored| identity(stored) == same) else { return given.clone() };
        ProxyRow {
            priority: given.priority.or(stored.priority),
            asset_class: given.asset_class.or(stored.asset_class),
            sector_group: given.sector_group.clone().or_else(|| stored.sector_group.clone()),
            subindustry: given.subindustry.clone().or_else(|| stored.subindustry.clone()),
            // The month of inception is the ETF's, and an industry may be given another.
            inception: given.inception.or(stored.inception.filter(|_| stored.etf == given.etf)),
            description: given.description.clone().or_else(|| stored.description.clone()),
            notes: given.notes.clone().or_else(|| stored.notes.clone()),
            ..given.clone()
        }
    }

    fn make_alternates(&mut self, canonical: &ProxyRow, named: &HashSet<Identity>) {
        let Self { rows, report } = self;
        for row in rows.iter_mut() {
            let same_key = (row.category, &row.key) == (canonical.category, &canonical.key);
            // A row that the same edit names says itself whether it is canonical.
            if same_key && row.canonical && row.etf != canonical.etf && !named.contains(&identity(row)) {
                row.canonical = false;
                report.push(EditedRow { fate: RowFate::Updated, row: row.clone() });
            }
        }
    }

    fn industry(&mut self, edit: &IndustryEdit) -> Result<(), StoreError> {
        self.upsert(&[ProxyRow {
            asset_class: edit.asset_class,
            sector_group: edit.sector_group.clone(),
            subindustry: edit.subindustry.clone(),
            notes: edit.notes.clone(),
            ..ProxyRow::new(Category::Industry, edit.industry.clone(), edit.etf.clone())
        }])
    }

    fn replace(&mut self, category: Category, key: &str, old: &Ticker, new: &Ticker) -> Result<(), StoreError> {
        let at = self.find(category, key, old)?;
        if old == new {
            return Err(refused(format!("{category} `{key}`: {old} is there already; name the ETF to come")));
        }
        let gone = self.rows[at].clone();
        let known = self
            .rows
            .iter()
            .position(|row| row.category == category && row.key == key && row.etf == *new)
            .map(|known| self.rows[known].clone());
        let (fate, come) = match known {
            Some(row) => (RowFate::Updated, row),
            None => (RowFate::Added, ProxyRow::new(category, key, new.clone())),
        };
        let row = ProxyRow {
            canonical: gone.canonical,
            priority: gone.priority,
            description: gone.description.clone(),
            asset_class: gone.asset_class,
            sector_group: gone.sector_group.clone(),
            subindustry: gone.subindustry.clone(),
            active: true,
            ..come
        };
        let row = checked(&row).map_err(StoreError::Refused)?;
        // The new ETF takes the old one's place; where it was in the mapping already, that row goes.
        self.rows[at] = row.clone();
        let mut index = 0;
        self.rows.retain(|other| {
            index += 1;
            index - 1 == at || (other.category, &other.key, &other.etf) != (category, &row.key, new)
        });
        self.report.push(EditedRow { fate: RowFate::Removed, row: gone });
        self.report.push(EditedRow { fate, row });
        Ok(())
    }

    fn deactivate(&mut self, category: Category, key: &str, etf: &Ticker) -> Result<(), StoreError> {
        let at = self.find(category, key, etf)?;
        let row = ProxyRow { active: false, ..self.rows[at].clone() };
        self.put(row);
        Ok(())
    }

    fn clear(&mut self, category: Category) {
        let (gone, left) = self.rows.drain(..).partition(|row| row.category == category);
        self.rows = left;
        self.report.extend(Vec::into_iter(gone).map(|row| EditedRow { fate: RowFate::Removed, row }));
    }

    /// Puts a row in the place of the same one, or at the end.
    fn put(&mut self, row: ProxyRow) {
        let same = identity(&row);
        let fate = match self.rows.iter_mut().find(|stored| identity(stored) == same) {
            Some(stored) if *stored == row => RowFate::Unchanged,
            Some(stored) => {
                *stored = row.clone();
                RowFate::Updated
            }
            None => {
                self.rows.push(row.clone());
                RowFate::Added
            }
        };
        self.report.push(EditedRow { fate, row });
    }

    fn find(&self, category: Category, key: &str, etf: &Ticker) -> Result<usize, StoreError> {
        if MappingKind::of(category).is_none() {
            return Err(refused(format!("no mapping has the category {category}")));
        }
        let of_key = || self.rows.iter().enumerate().filter(|(_, row)| row.category == category && row.key == key);
        if let Some((at, _)) = of_key().find(|(_, row)| row.etf == *etf) {
            return Ok(at);
        }
        let there: Vec<&str> = of_key().map(|(_, row)| row.etf.as_str()).collect();
        Err(refused(if there.is_empty() {
            let keys = self.rows.iter().filter(|row| row.category == category).map(|row| row.key.as_str());
            let keys: Vec<&str> = keys.collect::<IndexSet<_>>().into_iter().take(20).collect();
            let keys = if keys.is_empty() { "nothing".to_owned() } else { keys.join(", ") };
            format!("{category} has no `{key}`; it has: {keys}")
        } else {
            format!("{category} `{key}` has no {etf}; it has: {}", there.join(", "))
        }))
    }
}

type Identity = (Category, String, Option<Ticker>);

fn identity(row: &ProxyRow) -> Identity {
    (row.category, row.key.clone(), (row.category != Category::Industry).then(|| row.etf.clone()))
}

fn refused(message: String) -> StoreError {
    StoreError::Refused(message)
}
