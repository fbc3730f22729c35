//! The folder of what is kept: is there one, and can it be written?

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::{Finding, Part};
use crate::settings::Settings;

/// Written and taken away again: enough for a full disk to show.
static PROBE: [u8; 64 << 10] = [0; 64 << 10];

pub(super) fn look(settings: &Settings) -> Option<Finding> {
    let Some(folder) = &settings.store.data_dir else {
        let shared = settings.store.database_url.is_some();
        return (!shared).then(|| {
            Finding::note(
                Part::Folder,
                "there is no folder for what is kept: nothing can be saved, and prices are fetched again at each start",
                "set FACTOR_DATA_DIR to a folder",
            )
        });
    };
    Some(of(folder))
}

fn of(folder: &Path) -> Finding {
    let shown = folder.display();
    let trouble = |error: &io::Error| {
        Finding::trouble(Part::Folder, format!("{shown} cannot be written: {error}"), way_out(error))
    };
    if folder.exists() {
        if !folder.is_dir() {
            let way_out = "take it away, or set FACTOR_DATA_DIR to a folder";
            return Finding::trouble(Part::Folder, format!("{shown} is no folder"), way_out);
        }
        return written(folder)
            .map_or_else(|error| trouble(&error), |()| Finding::ok(Part::Folder, format!("{shown} can be written")));
    }
    // It is made by the first thing that is kept. What it will be made in has to allow that.
    let above =
        folder.ancestors().skip(1).find(|above| above.exists()).map_or_else(|| PathBuf::from("."), Path::to_path_buf);
    if !above.is_dir() {
        let way_out = "take that away, or set FACTOR_DATA_DIR to another folder";
        return Finding::trouble(
            Part::Folder,
            format!("{shown} cannot be made: {} is no folder", above.display()),
            way_out,
        );
    }
    written(&above).map_or_else(
        |error| {
            Finding::trouble(
                Part::Folder,
                format!("{shown} cannot be made in {}: {error}", above.display()),
                way_out(&error),
            )
        },
        |()| Finding::ok(Part::Folder, format!("{shown} is made when something is kept")),
    )
}

fn written(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".factor-mcp-doctor-{}", std::process::id()));
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        file.write_all(&PROBE)?;
        file.sync_all()
    };
    let done = write();
    let _ = fs::remove_file(&path);
    done
}

fn way_out(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "make room on that disk, or set FACTOR_DATA_DIR to a folder on another; `factor-mcp cache stats` says what fetched prices take"
        }
        io::ErrorKind::ReadOnlyFilesystem => "set FACTOR_DATA_DIR to a folder on a disk that can be written",
        _ => "give the user who runs the server the right to write there, or set FACTOR_DATA_DIR to another folder",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::State;

    #[test]
    fn a_folder_is_there_or_can_be_made() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "x").unwrap();
        assert_eq!(of(folder.path()).state, State::Ok);
        assert_eq!(of(&folder.path().join("a/b")).state, State::Ok);
        let (none, below) = (of(&file), of(&file.join("a")));
        assert!(none.says.ends_with("file is no folder"), "{none:?}");
        assert!(below.state == State::Trouble && below.says.contains("cannot be made"), "{below:?}");
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["file"], "nothing is left behind");
    }
}
