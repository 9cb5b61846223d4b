//! Opening a file for writing (effect): lock, mend what a crash left, and check before the first write.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use super::commit::DENSITY_LIST;
use super::create::temporary_of;
use super::error::WriteError;
use super::lock;
use super::pen::Pen;
use super::place::{self, Concern};
use super::rescue::{Rescue, folder_of, header_bytes, refuse_in_the_way};
use super::space::Space;
use super::survey::{Highest, survey};
use super::{Settings, Writer};
use crate::pst::error::PstError;
use crate::pst::layout::Layout;
use crate::pst::medium::Medium;
use crate::pst::ndb::file::Ndb;
use crate::pst::ndb::header::{Header, MAGIC};
use crate::pst::ndb::page::PageKind;
use crate::pst::ndb::torn;

/// Tells whether a store has a password, which is for the layers above to know.
pub type IsProtected<'a> = &'a dyn Fn(&Ndb) -> Result<bool, PstError>;

impl Writer {
    /// Opens a file that nobody else has open, mends what a crash left in it, and makes sure that it is safe to write.
    ///
    /// On Windows nobody can open the file for writing until it is closed; elsewhere the lock keeps out only those who ask for it, as
    /// all of this library's writers do.
    pub fn open(
        path: &Path,
        settings: &Settings,
        is_protected: IsProtected<'_>,
    ) -> Result<Self, WriteError> {
        accept_place(path, settings)?;
        let file = lock::open(path)?;
        let mut writer =
            Self::over(Medium::from(file), Rescue::beside(path), settings, is_protected)?;
        writer.folder = Some(folder_of(path).to_owned());
        Ok(writer)
    }

    /// Looks whether a file could be opened for writing, or made where there is none: its folder takes a file, which is gone at once, and
    /// nothing else is written. Returns what is to be said about its place. Of what is in the file that is looked at which opening it for
    /// writing looks at: trees and maps.
    pub fn look(
        path: &Path,
        settings: &Settings,
        is_protected: IsProtected<'_>,
    ) -> Result<Vec<Concern>, WriteError> {
        let concerns = accept_place(path, settings)?;
        // Whatever links lead to it, what a run needs beside the file is beside the file itself.
        let real = path.canonicalize();
        let path = real.as_deref().unwrap_or(path);
        try_folder(path)?;
        let failed =
            |source| WriteError::Beside { action: "look for", path: path.to_owned(), source };
        let is_there = path.try_exists().map_err(failed)?;
        if is_there {
            refuse_in_the_way(&torn::beside(path), &torn::MAGIC)?;
        } else {
            refuse_in_the_way(&temporary_of(path), &MAGIC)?;
        }
        if is_there {
            let ndb = Ndb::opened(Medium::from(lock::open(path)?), path)?;
            refuse_kinds(ndb.header())?;
            survey(&ndb, ndb.header().maps_valid != 0)?;
            if !settings.protected && is_protected(&ndb)? {
                return Err(WriteError::Protected);
            }
        }
        Ok(concerns)
    }

    /// Opens a file in a medium, with another one for the rescue record, as tests of crashes do.
    #[cfg(any(test, feature = "simulation"))]
    pub fn in_media(
        file: Medium,
        rescue: Medium,
        settings: &Settings,
        is_protected: IsProtected<'_>,
    ) -> Result<Self, WriteError> {
        Self::over(file, Rescue::Kept(rescue), settings, is_protected)
    }

    /// Gives back the media as they are, without closing the file first.
    #[cfg(any(test, feature = "simulation"))]
    pub fn into_media(self) -> (Medium, Medium) {
        let rescue = match self.rescue {
            Rescue::Kept(medium) => medium,
            _ => Medium::Memory(Vec::new()),
        };
        (self.ndb.into_medium(), rescue)
    }

    /// Closes the file and gives back the media.
    #[cfg(any(test, feature = "simulation"))]
    pub fn close_in_media(mut self) -> Result<(Medium, Medium), WriteError> {
        self.reclaim()?;
        self.rescue.remove()?;
        Ok(self.into_media())
    }

    /// Opens a file in a medium.
    fn over(
        mut medium: Medium,
        rescue: Rescue,
        settings: &Settings,
        is_protected: IsProtected<'_>,
    ) -> Result<Self, WriteError> {
        mend_header(&mut medium, &rescue)?;
        let was_cut_off = was_cut_off(&medium, &rescue)?;
        let mut ndb = Ndb::open(medium)?;
        refuse_kinds(ndb.header())?;
        let is_trusted = ndb.header().maps_valid != 0;
        // Where a writer was cut off, the maps show more in use than there is. The next transaction puts that right, or closing the file.
        let found = survey(&ndb, is_trusted && !was_cut_off)?;
        if !settings.protected && is_protected(&ndb)? {
            return Err(WriteError::Protected);
        }
        cut_surplus(&mut ndb)?;
        let mut writer = Self {
            has_density_list: !has_empty_density_list(&ndb)?,
            space: found.space,
            rescue,
            highest: found.highest.above_items(),
            longest: settings.longest,
            ..Self::unchecked(ndb)
        };
        if !is_trusted {
            let header = writer.ndb.header().clone();
            writer.flip(header, &[])?;
        }
        Ok(writer)
    }
}

/// Cuts off what stands behind the end that the header names: sections of a transaction that did not come to its commit.
fn cut_surplus(ndb: &mut Ndb) -> Result<(), PstError> {
    let end = ndb.header().file_end;
    let medium = ndb.medium_mut();
    if medium.len()? > end {
        medium.set_len(end)?;
        medium.sync()?;
    }
    Ok(())
}

impl Writer {
    /// Starts from a file of which nothing is known: it shows no room, and nothing is made durable but by its header.
    pub(super) fn unchecked(ndb: Ndb) -> Self {
        Self {
            ndb,
            space: Space::new(Vec::new(), 0),
            pen: Pen::default(),
            rescue: Rescue::Nowhere,
            highest: Highest::default(),
            highest_named: None,
            longest: u64::MAX,
            room_until: 0,
            folder: None,
            has_density_list: true,
            is_durable: true,
            must_reopen: false,
        }
    }
}

/// Refuses a file on a network share, unless the operator allows it; returns what else is to be said about its place.
pub(super) fn accept_place(path: &Path, settings: &Settings) -> Result<Vec<Concern>, WriteError> {
    accept(place::concerns(path), path, settings)
}

fn accept(
    concerns: Vec<Concern>,
    path: &Path,
    settings: &Settings,
) -> Result<Vec<Concern>, WriteError> {
    if !settings.shares && concerns.contains(&Concern::NetworkShare) {
        return Err(WriteError::NetworkShare { path: path.to_owned() });
    }
    Ok(concerns)
}

/// Makes a file beside one, as every change of it does, and removes it.
pub(super) fn try_folder(path: &Path) -> Result<(), WriteError> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".trial");
    let trial = path.with_file_name(name);
    let made = OpenOptions::new().write(true).create_new(true).open(&trial);
    match made {
        Ok(file) => {
            drop(file);
            fs::remove_file(&trial).map_err(|source| WriteError::Beside {
                action: "remove",
                path: trial,
                source,
            })
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(source) => {
            let path = folder_of(path).to_owned();
            Err(WriteError::Beside { action: "make a file in the folder", path, source })
        }
    }
}

/// Says whether the last one who wrote the file was cut off before it was closed: then its record is there, and tells of the header
/// that the file has. What its last transaction replaced is nobody's any more, and no map knows of it yet.
fn was_cut_off(medium: &Medium, rescue: &Rescue) -> Result<bool, PstError> {
    let header = header_bytes(medium)?;
    // Without the record some room stays unused, and nothing else depends on it here.
    let record = rescue.read().ok().flatten();
    Ok(record.is_some_and(|record| header == record.old || header == record.new))
}

/// Puts the header in order that a torn write left.
fn mend_header(medium: &mut Medium, rescue: &Rescue) -> Result<(), WriteError> {
    let bytes = header_bytes(medium)?;
    let Err(error) = Header::parse(&bytes) else { return Ok(()) };
    if !matches!(error, PstError::Damaged { .. }) {
        return Err(error.into());
    }
    let Some(record) = rescue.read()? else { return Err(error.into()) };
    let Some(header) = record.mend(&bytes) else {
        return Err(WriteError::RescueDiffers { header: error });
    };
    medium.write_at(0, header)?;
    medium.sync()?;
    Ok(())
}

pub(super) fn refuse_kinds(header: &Header) -> Result<(), WriteError> {
    only_read(header).map_or(Ok(()), |what| Err(WriteError::ReadOnlyKind { what }))
}

/// Says what a file is that is read and never written; `None` for those that are written.
pub fn only_read(header: &Header) -> Option<&'static str> {
    let what = if header.layout == Layout::ANSI {
        "an ANSI file of Outlook 97 to 2002"
    } else if header.is_offline_store() {
        "the offline copy of a server mailbox (OST)"
    } else if header.version == 37 {
        "a file under Windows Information Protection"
    } else if header.layout != Layout::UNICODE {
        "a file of an unknown kind"
    } else {
        return None;
    };
    Some(what)
}

/// Says whether the density list names nothing. Its id is not compared: whoever wrote it took the next one at that time.
fn has_empty_density_list(ndb: &Ndb) -> Result<bool, WriteError> {
    let mut page = [0; super::form::PAGE];
    let read = ndb.medium().read_at(DENSITY_LIST, &mut page)?;
    let kind = PageKind::DensityList.byte();
    let is_list = page.get(496..498) == Some(&[kind, kind]);
    Ok(read == page.len() && is_list && page.get(1) == Some(&0))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Concern, Settings, WriteError, accept};

    #[test]
    fn a_share_needs_the_operators_word_and_a_cloud_is_only_told() {
        let path = Path::new("a.pst");
        let cloud = vec![Concern::CloudFolder { by: "OneDrive".to_owned() }];
        let share = vec![Concern::NetworkShare];
        let usual = Settings::default();
        assert_eq!(accept(cloud.clone(), path, &usual).unwrap(), cloud);
        let refused = accept(share.clone(), path, &usual).unwrap_err();
        assert!(matches!(refused, WriteError::NetworkShare { .. }), "{refused}");
        let allowed = Settings { shares: true, ..usual };
        assert_eq!(accept(share.clone(), path, &allowed).unwrap(), share, "and told all the same");
    }
}
