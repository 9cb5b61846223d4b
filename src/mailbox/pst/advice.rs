//! Pure: what a person can do about a file and its disk, in the words of runs and commands alike.

use crate::reason::Advice;

/// Against Windows Information Protection.
pub const DECRYPT: Advice = Advice::new(
    "den Schutz wegnehmen (im Explorer: Dateibesitz, Persönlich), oder in Outlook in eine neue Datendatei exportieren",
    "take the protection off (in Explorer: File ownership, Personal), or let Outlook export it into a new data file",
);

/// For a disk that is full and that the file has to stay on.
pub const ROOM: Advice = Advice::new(
    "auf dem Datenträger Platz schaffen, dann noch einmal laufen lassen",
    "make room on the disk, then run again",
);

/// For a disk that is full where the file is a new one.
pub const ROOM_FOR_NEW: Advice = Advice::new(
    "dort Platz schaffen, oder eine Stelle auf einem anderen Datenträger nennen",
    "make room there, or name a place on another disk",
);

/// For a disk that fails.
pub const DISK: Advice = Advice::new(
    "nach dem Datenträger sehen (ist er noch da, und meldet das System Fehler von ihm?), dann noch einmal laufen lassen",
    "look after the disk (is it still there, and does the system report errors of it?), then run again",
);

/// For a file that another program has open.
pub const CLOSE: Advice = Advice::new(
    "sie dort schließen, oder warten, bis jener Lauf zu Ende ist, dann noch einmal laufen lassen",
    "close it there, or wait until that run is done, then run again",
);

/// For a file that nobody may write, and one that this account may not.
pub const UNPROTECT: Advice = Advice::new(
    "den Schreibschutz der Datei wegnehmen (im Explorer: Eigenschaften, Schreibgeschützt; sonst `chmod u+w`), dann noch einmal laufen \
     lassen",
    "take the file's write protection off (in Explorer: Properties, Read-only; elsewhere `chmod u+w`), then run again",
);
