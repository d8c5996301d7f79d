//! Addresses of pictures and films that nobody can open, shaped like the store's own.

use super::app::{Image, Media, Video};
use crate::dice::Dice;

/// Everything to look at.
pub(crate) fn media(dice: &mut Dice) -> Media {
    Media {
        icon: Image { colour: Some(colour(dice)), ..image(dice, 512, 512) },
        header: dice.chance(0.95).then(|| Image { colour: Some(colour(dice)), ..image(dice, 1024, 500) }),
        screenshots: screenshots(dice),
        video: dice.chance(0.6).then(|| video(dice)),
    }
}

/// A picture of this size.
pub(crate) fn image(dice: &mut Dice, width: i64, height: i64) -> Image {
    Image { url: picture(dice), width, height, colour: None }
}

/// The address of a picture.
pub(crate) fn picture(dice: &mut Dice) -> String {
    ["https://play-lh.googleusercontent.com/", &dice.opaque(86)].concat()
}

/// Screenshots for several kinds of devices; some are the same for phone and tablet.
fn screenshots(dice: &mut Dice) -> Vec<Image> {
    let (width, height) = if dice.chance(0.7) { (1080, 1920) } else { (1920, 1080) };
    let phone: Vec<_> = (0..dice.between(4, 8)).map(|_| image(dice, width, height)).collect();
    let tablet: Vec<_> = (0..dice.between(4, 10)).map(|_| image(dice, width, height)).collect();
    let repeated = phone.iter().take(6).cloned();
    phone.iter().cloned().chain(tablet).chain(repeated).collect()
}

fn colour(dice: &mut Dice) -> [u8; 3] {
    let [red, green, blue, ..] = dice.roll().to_le_bytes();
    [red, green, blue]
}

fn video(dice: &mut Dice) -> Video {
    let key = dice.opaque(11);
    Video {
        url: format!("https://play.google.com/video/lava/web/player/yt:movie:{key}?autoplay=1&embed=play"),
        poster: format!("https://i.ytimg.com/vi/{key}/hqdefault.jpg"),
        ticket: dice.opaque(240),
        key,
    }
}
