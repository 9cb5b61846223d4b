//! Pure: the postal addresses of a contact in one text each, as Outlook shows and prints them, and what else follows their parts.
//!
//! The model knows five parts. A text has more: a post-office box, whatever a person wrote into it, and the order that is usual in
//! the country. What is not ours of it stays (rule D11).

use super::table::Place;
use super::times::Setting;
use super::write::newlines;
use crate::mapi::{
    Named, Properties, PropertyKey, PropertyTag, Value as V, named as n, property as p,
};
use crate::model::{Block, Content, Field};

/// One of the three postal addresses.
struct Address {
    block: Block,
    /// `PidLidPostalAddressId`.
    number: i32,
    /// The whole address in one text.
    whole: Named,
    street: Field,
    postal_code: Field,
    city: Field,
    state: Field,
    country: Field,
    /// The two letters of the country.
    country_code: Named,
    post_box: Place,
}

/// In the order in which mail goes to them.
const ADDRESSES: [Address; 3] = [
    Address {
        block: Block::BusinessAddress,
        number: 2,
        whole: n::WORK_ADDRESS,
        street: Field::BusinessStreet,
        postal_code: Field::BusinessPostalCode,
        city: Field::BusinessCity,
        state: Field::BusinessState,
        country: Field::BusinessCountry,
        country_code: n::WORK_COUNTRY_CODE,
        post_box: Place::Named(n::WORK_PO_BOX),
    },
    Address {
        block: Block::HomeAddress,
        number: 1,
        whole: n::HOME_ADDRESS,
        street: Field::HomeStreet,
        postal_code: Field::HomePostalCode,
        city: Field::HomeCity,
        state: Field::HomeState,
        country: Field::HomeCountry,
        country_code: n::HOME_COUNTRY_CODE,
        post_box: Place::Tag(p::HOME_PO_BOX),
    },
    Address {
        block: Block::OtherAddress,
        number: 3,
        whole: n::OTHER_ADDRESS,
        street: Field::OtherStreet,
        postal_code: Field::OtherPostalCode,
        city: Field::OtherCity,
        state: Field::OtherState,
        country: Field::OtherCountry,
        country_code: n::OTHER_COUNTRY_CODE,
        post_box: Place::Tag(p::OTHER_PO_BOX),
    },
];

/// Follows up the addresses in one text, and the copies of the one that mail goes to: the first one, unless somebody chose.
pub(super) fn addresses(content: &Content, before: &Content, was: &Properties) -> Vec<Setting> {
    let mut out = Vec::new();
    let mailing = was.value(n::POSTAL_ADDRESS_ID).and_then(V::as_i32).unwrap_or(0);
    let is_there = |address: &Address| {
        address.block.fields().iter().any(|field| before.value(field).is_some())
    };
    let mut open = mailing == 0 && !ADDRESSES.iter().any(is_there);
    for address in &ADDRESSES {
        if !content.iter().any(|(field, _)| field.block() == address.block) {
            continue;
        }
        let then = |field| part(before, field);
        let now = |field| part(if content.slot(field).is_some() { content } else { before }, field);
        let whole = address.follow(was, &then, &now);
        let is_first = open && whole.is_some();
        out.push((address.whole.into(), whole.clone().map(V::String)));
        let moves_abroad = now(address.country) != then(address.country);
        if moves_abroad {
            out.push((address.country_code.into(), None));
        }
        if is_first {
            out.push((n::POSTAL_ADDRESS_ID.into(), Some(V::Integer32(address.number))));
            let post_box = was.value(address.post_box.key()).cloned();
            out.extend(post_box.map(|text| (p::MAIL_PO_BOX.into(), Some(text))));
            open = false;
        }
        if mailing == address.number || is_first {
            out.extend(address.copies(&now));
            out.push((p::POSTAL_ADDRESS.into(), whole.map(V::String)));
            if moves_abroad {
                out.push((n::MAIL_COUNTRY_CODE.into(), None));
            }
        }
    }
    out
}

fn part(content: &Content, field: Field) -> Option<String> {
    content.text(field).map(str::trim).filter(|text| !text.is_empty()).map(newlines)
}

/// Says what an address has of a part.
type Parts<'a> = &'a dyn Fn(Field) -> Option<String>;

impl Address {
    const fn parts(&self) -> [Field; 5] {
        [self.street, self.postal_code, self.city, self.state, self.country]
    }

    /// Returns the whole address in one text after a change of its parts.
    fn follow(&self, item: &Properties, then: Parts<'_>, now: Parts<'_>) -> Option<String> {
        let text = |key: PropertyKey| {
            let text = item.value(key).and_then(V::as_text).map(str::trim);
            text.filter(|text| !text.is_empty())
        };
        let post_box = text(self.post_box.key());
        let Some(told) = text(self.whole.into()).map(newlines) else {
            return self.make(now, post_box);
        };
        let is_ours = |post_box| self.make(then, post_box).as_ref() == Some(&told);
        if is_ours(post_box) || is_ours(None) {
            return self.make(now, post_box);
        }
        // Somebody else's words, or another order.
        if let Some(told) = self.replaced(&told, then, now) {
            return Some(told).filter(|told| !told.is_empty());
        }
        let old: Vec<String> = self.parts().into_iter().filter_map(then).collect();
        let has_more = |line: &&str| {
            let parts = old.iter().flat_map(|part| part.lines());
            let rest = parts.fold((*line).to_owned(), |rest, part| rest.replace(part, ""));
            rest.chars().any(char::is_alphanumeric)
        };
        let mut lines: Vec<&str> = told.lines().filter(has_more).collect();
        let post_box =
            post_box.filter(|text| lines.iter().all(|line| places(line, text).next().is_none()));
        let made = self.make(now, post_box);
        lines.extend(made.iter().map(String::as_str));
        (!lines.is_empty()).then(|| lines.join("\r\n"))
    }

    /// Makes the text that has nothing but the parts: the street, the post-office box, postal code and city, state and country, a line
    /// each.
    fn make(&self, part: Parts<'_>, post_box: Option<&str>) -> Option<String> {
        let city: Vec<String> =
            [part(self.postal_code), part(self.city)].into_iter().flatten().collect();
        let city = (!city.is_empty()).then(|| city.join(" "));
        let post_box = post_box.map(str::to_owned);
        let all = [part(self.street), post_box, city, part(self.state), part(self.country)];
        let lines: Vec<String> = all.into_iter().flatten().collect();
        (!lines.is_empty()).then(|| lines.join("\r\n"))
    }

    /// Puts parts that change into the places where they were in a text. `None` where it does not tell such a part, or tells it twice.
    fn replaced(&self, told: &str, then: Parts<'_>, now: Parts<'_>) -> Option<String> {
        let mut text = told.to_owned();
        for part in self.parts() {
            let (old, new) = (then(part), now(part));
            match (old, new) {
                (old, new) if old == new => {}
                (None, Some(new)) => {
                    places(&text, &new).next()?;
                }
                (old, new) => {
                    let old = old?;
                    let place = {
                        let mut places = places(&text, &old);
                        places.next().filter(|_| places.next().is_none())?
                    };
                    text.replace_range(place..place + old.len(), &new.unwrap_or_default());
                }
            }
        }
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let lines: Vec<&str> = lines.collect();
        Some(lines.join("\r\n"))
    }

    fn copies(&self, part: Parts<'_>) -> Vec<Setting> {
        let copies: [(PropertyTag, Field); 5] = [
            (p::MAIL_STREET, self.street),
            (p::MAIL_POSTAL_CODE, self.postal_code),
            (p::MAIL_CITY, self.city),
            (p::MAIL_STATE, self.state),
            (p::MAIL_COUNTRY, self.country),
        ];
        copies.map(|(copy, field)| (copy.into(), part(field).map(V::String))).to_vec()
    }
}

/// Lists where words stand in a text, and not within other words.
fn places<'a>(text: &'a str, words: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_edge = |letter: Option<char>| letter.is_none_or(|letter| !letter.is_alphanumeric());
    text.match_indices(words).map(|(place, _)| place).filter(move |place| {
        let (before, rest) = text.split_at_checked(*place).unwrap_or_default();
        let after = rest.get(words.len()..).unwrap_or_default();
        is_edge(before.chars().next_back()) && is_edge(after.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::{ADDRESSES, addresses};
    use crate::mailbox::pst::times::put;
    use crate::mapi::{Properties, Value as V, named as n, property as p};
    use crate::model::{Block, Content, Field};

    #[test]
    fn the_table_of_addresses_names_the_fields_of_their_blocks() {
        for address in &ADDRESSES {
            let parts =
                [address.street, address.postal_code, address.city, address.state, address.country];
            for field in parts {
                assert_eq!(field.block(), address.block);
            }
            assert_eq!(address.block.fields().len(), 5);
        }
        assert_eq!(Block::BusinessAddress, ADDRESSES[0].block);
    }

    #[test]
    fn mail_goes_to_the_first_address_of_a_new_contact() {
        let home = Content::of_texts(&[
            (Field::HomeStreet, "Hauptstr. 1\nHinterhaus"),
            (Field::HomePostalCode, "80331"),
            (Field::HomeCity, "München"),
            (Field::HomeCountry, "Deutschland"),
        ]);
        // The same where it gets its first one later.
        let mut without = Properties::new();
        without.set(n::POSTAL_ADDRESS_ID, V::Integer32(0));
        for was in [Properties::new(), without.clone()] {
            let item = put(addresses(&home, &Content::new(), &was));
            let whole = "Hauptstr. 1\r\nHinterhaus\r\n80331 München\r\nDeutschland";
            assert_eq!(item.value(n::POSTAL_ADDRESS_ID), Some(&V::Integer32(1)));
            assert_eq!(item.value(n::HOME_ADDRESS), Some(&V::from(whole)));
            assert_eq!(item.value(p::POSTAL_ADDRESS), Some(&V::from(whole)));
            assert_eq!(item.value(p::MAIL_CITY), Some(&V::from("München")));
        }
        // Where there was one and mail goes to none, somebody wanted it so.
        let before = Content::of_texts(&[(Field::OtherCity, "Wien")]);
        let item = put(addresses(&home, &before, &without));
        assert_eq!(item.value(n::POSTAL_ADDRESS_ID), None);
        assert_eq!(item.value(p::MAIL_CITY), None);
    }

    #[test]
    fn an_address_that_mail_does_not_go_to_leaves_the_copies() {
        let mut was = Properties::new();
        was.set(n::POSTAL_ADDRESS_ID, V::Integer32(2));
        let home = Content::of_texts(&[(Field::HomeCity, "München")]);
        let before = Content::of_texts(&[(Field::HomeStreet, "Hauptstr. 1")]);
        let settings = addresses(&home, &before, &was);
        let item = put(settings);
        assert_eq!(item.value(n::HOME_ADDRESS), Some(&V::from("Hauptstr. 1\r\nMünchen")));
        assert_eq!(item.value(p::MAIL_CITY), None);
    }

    fn work() -> (Content, Properties) {
        let before = Content::of_texts(&[
            (Field::BusinessStreet, "Hauptstr. 1"),
            (Field::BusinessPostalCode, "80331"),
            (Field::BusinessCity, "München"),
        ]);
        let mut was = Properties::new();
        was.set(n::POSTAL_ADDRESS_ID, V::Integer32(2));
        was.set(n::WORK_PO_BOX, V::from("1234"));
        was.set(n::WORK_COUNTRY_CODE, V::from("DE"));
        (before, was)
    }

    /// The model has no word for the box, and Outlook takes the parts anew from the whole text when a person edits it.
    #[test]
    fn d11_a_post_office_box_stays_in_the_address() {
        let (before, mut was) = work();
        let city = Content::of_texts(&[
            (Field::BusinessPostalCode, "50667"),
            (Field::BusinessCity, "Köln"),
        ]);
        // With the box as this program writes it, and as it did once.
        for told in ["Hauptstr. 1\r\n1234\r\n80331 München", "Hauptstr. 1\r\n80331 München"] {
            was.set(n::WORK_ADDRESS, V::from(told));
            let item = put(addresses(&city, &before, &was));
            let whole = V::from("Hauptstr. 1\r\n1234\r\n50667 Köln");
            assert_eq!(item.value(n::WORK_ADDRESS), Some(&whole), "{told:?}");
            assert_eq!(item.value(p::POSTAL_ADDRESS), Some(&whole), "{told:?}");
            assert_eq!(item.value(p::MAIL_PO_BOX), None, "it is there already");
        }
    }

    #[test]
    fn d11_what_a_person_wrote_into_an_address_stays() {
        let (before, mut was) = work();
        let city = &[(Field::BusinessPostalCode, "50667"), (Field::BusinessCity, "Köln")][..];
        let country = &[(Field::BusinessCountry, "Österreich")][..];
        let none = &[(Field::BusinessStreet, "")][..];
        let street = &[(Field::BusinessStreet, "Am Hof 2")][..];
        for (told, change, whole) in [
            (
                "c/o Huber\r\nHauptstr. 1\r\nPostfach 1234\r\n80331 München",
                city,
                "c/o Huber\r\nHauptstr. 1\r\nPostfach 1234\r\n50667 Köln",
            ),
            ("Hauptstr. 1\r\nMünchen, 80331", city, "Hauptstr. 1\r\nKöln, 50667"),
            (
                "Postfach 1234\r\nHauptstr. 1\r\n80331 München",
                none,
                "Postfach 1234\r\n80331 München",
            ),
            // What is not told in it, or told twice, has no place of its own: the rest stays, and the parts follow.
            (
                "c/o Huber\r\nPostfach 1234\r\n80331 München",
                street,
                "c/o Huber\r\nPostfach 1234\r\nAm Hof 2\r\n80331 München",
            ),
            (
                "Haus München\r\nHauptstr. 1\r\n80331 München",
                city,
                "Haus München\r\nHauptstr. 1\r\n1234\r\n50667 Köln",
            ),
            (
                "c/o Huber\r\nHauptstr. 1\r\n80331 München",
                country,
                "c/o Huber\r\nHauptstr. 1\r\n1234\r\n80331 München\r\nÖsterreich",
            ),
        ] {
            was.set(n::WORK_ADDRESS, V::from(told));
            let item = put(addresses(&Content::of_texts(change), &before, &was));
            assert_eq!(item.value(n::WORK_ADDRESS), Some(&V::from(whole)), "{told:?}");
        }
        // A contact of Outlook in Japan, and one of Aspose, which has the text alone.
        let japan = Content::of_texts(&[
            (Field::BusinessStreet, "Somewhere"),
            (Field::BusinessCity, "Osaka"),
            (Field::BusinessState, "Osaka"),
            (Field::BusinessPostalCode, "544-0001"),
            (Field::BusinessCountry, "日本"),
        ]);
        was.remove(n::WORK_PO_BOX);
        was.set(n::WORK_ADDRESS, V::from("544-0001\r\nOsaka\r\nOsaka\r\nSomewhere"));
        let other = Content::of_texts(&[(Field::BusinessStreet, "Elsewhere")]);
        let item = put(addresses(&other, &japan, &was));
        let whole = V::from("544-0001\r\nOsaka\r\nOsaka\r\nElsewhere");
        assert_eq!(item.value(n::WORK_ADDRESS), Some(&whole));
        let told = V::from("Im Astenfeld 59 8580 EDELSCHROTT");
        was.set(n::WORK_ADDRESS, told.clone());
        let parts = Content::of_texts(&[
            (Field::BusinessStreet, "Im Astenfeld 59"),
            (Field::BusinessPostalCode, "8580"),
        ]);
        let item = put(addresses(&parts, &Content::new(), &was));
        assert_eq!(item.value(n::WORK_ADDRESS), Some(&told));
    }

    /// MS-OXOCNTC 2.2.1.3.6: the code is that of the country.
    #[test]
    fn the_code_of_a_country_goes_with_it() {
        let (before, was) = work();
        let gone = |change: &[(Field, &str)]| {
            let settings = addresses(&Content::of_texts(change), &before, &was);
            let gone = settings.into_iter().filter(|(_, value)| value.is_none());
            gone.map(|(key, _)| key).collect::<Vec<_>>()
        };
        let abroad = gone(&[(Field::BusinessCountry, "Österreich")]);
        assert!(abroad.contains(&n::WORK_COUNTRY_CODE.into()), "{abroad:?}");
        assert!(abroad.contains(&n::MAIL_COUNTRY_CODE.into()), "{abroad:?}");
        assert!(!gone(&[(Field::BusinessCity, "Köln")]).contains(&n::WORK_COUNTRY_CODE.into()));
    }
}
