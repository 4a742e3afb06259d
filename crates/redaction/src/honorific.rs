//! Persons by the words of respect around their names: 様, さん, 님, Mr., г-н, श्री.

use std::sync::LazyLock;

use crate::Kind;
use crate::name::{Words, reading};
use crate::scan::Finding;
use crate::shape::{Pairs, Place, is_han, is_hangul, is_hiragana, is_katakana, is_word};

/// Words that follow a name, and whether one character of a name is enough before them.
const AFTER: &[(&str, usize)] = &[
    ("さん", 1),
    ("さま", 1),
    ("様", 1),
    ("氏", 1),
    ("くん", 2),
    ("ちゃん", 2),
    ("君", 2),
    ("殿", 2),
    ("先生", 2),
    ("女士", 2),
    ("小姐", 2),
    ("님", 2),
    ("씨", 2),
    ("जी", 2),
];

/// What 様, 氏 and 君 are also the beginning of.
const CONTINUATIONS: &[char] = &['々', '子', '式', '相', '態', '名', '族', '神', '主', '下', '堂'];

/// Ends of words for which 様 or さん is polite, or with which it makes another word.
const ROLES: &[&str] = &[
    "客",
    "皆",
    "仕",
    "同",
    "模",
    "多",
    "異",
    "有",
    "奥",
    "神",
    "王",
    "各",
    "何",
    "貴",
    "両",
    "某",
    "諸",
    "彼",
    "摂",
    "華",
    "一",
    "者",
    "社",
    "員",
    "師",
    "各位",
    "学生",
    "先生",
    "社長",
    "部長",
    "課長",
    "店長",
    "院長",
    "校長",
    "会長",
    "議長",
    "所長",
    "係長",
    "母",
    "父",
    "兄",
    "姉",
    "娘",
    "息子",
    "孫",
    "嫁",
    "御中",
    "宮",
    "様",
    "人",
    "方",
    "先",
    "側",
    "们",
    "ユーザー",
    "オーナー",
    "スタッフ",
    "メンバー",
    "ドライバー",
    "マネージャー",
    "ゲスト",
    "ママ",
    "パパ",
    "고객",
    "선생",
    "사장",
    "부모",
    "하느",
    "회원",
    "팀장",
    "부장",
    "과장",
    "대표",
    "교수",
    "의사",
    "기사",
    "임금",
    "담당자",
    "관리자",
    "사용자",
    "아저",
    "아가",
    "마음",
    "पिता",
    "माता",
    "गुरु",
];

/// The first two bytes of all titles and honorifics.
static BEGINNINGS: LazyLock<Pairs> = LazyLock::new(|| {
    Pairs::of(BEFORE.iter().map(|(title, _)| *title).chain(AFTER.iter().map(|(after, _)| *after)))
});

/// Whether a title or an honorific may begin at this place.
pub(crate) fn may_begin(place: &Place<'_>) -> bool {
    BEGINNINGS.has(place)
}

/// `starts_with`, where the first byte decides nearly always and costs no call.
fn begins(text: &str, word: &str) -> bool {
    text.as_bytes().first() == word.as_bytes().first() && text.starts_with(word)
}

/// The name before an honorific that stands at this place.
pub(crate) fn after_name(place: &Place<'_>) -> Option<Finding> {
    let right = place.right(place.at);
    let (honorific, least) = AFTER.iter().find(|(h, _)| begins(right, h))?;
    let next = right.get(honorific.len()..).and_then(|r| r.chars().next());
    if next.is_some_and(|c| CONTINUATIONS.contains(&c))
        || next.is_some_and(is_hangul_noun(honorific))
    {
        return None;
    }
    let left = near_end(place.left(place.at));
    let near = left.trim_end_matches([' ', '　']);
    // At most one space, of up to three bytes, between name and honorific.
    if left.len() - near.len() > 3 || ROLES.iter().any(|role| near.ends_with(role)) {
        return None;
    }
    let name = name_at_end(near, honorific);
    let end = place.at - (left.len() - near.len());
    // The honorific itself stays: it tells the reader what stood there.
    (name.chars().count() >= *least).then(|| Finding::new(end - name.len(), end, Kind::PersonName))
}

/// The last characters of a text: a name is never longer, and no walk back may cost the text.
fn near_end(text: &str) -> &str {
    let at = (text.len().saturating_sub(96)..=text.len()).find(|at| text.is_char_boundary(*at));
    at.and_then(|at| text.get(at..)).unwrap_or_default()
}

/// 씨앗 and 님비 are nouns: only a particle or nothing may follow the Korean honorifics.
fn is_hangul_noun(honorific: &str) -> impl Fn(char) -> bool {
    let korean = matches!(honorific, "님" | "씨");
    move |c| korean && is_hangul(c) && !"이가은는을를의께도와과에로한만".contains(c)
}

/// The name with which a text ends.
fn name_at_end<'t>(text: &'t str, honorific: &str) -> &'t str {
    let tail = |test: fn(char) -> bool, most: usize| -> usize {
        text.chars().rev().take(most).take_while(|c| test(*c)).map(char::len_utf8).sum()
    };
    let most = if matches!(honorific, "先生" | "女士" | "小姐") { 4 } else { 6 };
    let Some(last) = text.chars().next_back() else { return "" };
    let length = if is_han(last) {
        with_family_name(text, tail(is_han, most))
    } else if is_katakana(last) {
        let kana = tail(is_katakana, 16);
        kana + han_before(text, kana)
    } else if is_hangul(last) {
        let run = tail(is_hangul, 5);
        if run / 3 <= 4 { run } else { 0 }
    } else if is_hiragana(last) {
        hiragana_name(text)
    } else if honorific == "जी" {
        tail(is_word, 24)
    } else {
        latin_name(text)
    };
    text.get(text.len() - length..).unwrap_or_default()
}

fn han_before(text: &str, length: usize) -> usize {
    let rest = text.get(..text.len() - length).unwrap_or_default();
    rest.chars().rev().take(4).take_while(|c| is_han(*c)).map(char::len_utf8).sum()
}

/// `田中 宏`: a short run, one space, a short run.
fn with_family_name(text: &str, given: usize) -> usize {
    let rest = text.get(..text.len() - given).unwrap_or_default();
    let Some(space) = rest.chars().next_back().filter(|c| matches!(c, ' ' | '　' | '・')) else {
        return given;
    };
    let before = rest.get(..rest.len() - space.len_utf8()).unwrap_or_default();
    let family: usize =
        before.chars().rev().take(4).take_while(|c| is_han(*c)).map(char::len_utf8).sum();
    if family == 0 || family > 9 || given > 9 { given } else { given + space.len_utf8() + family }
}

/// `鈴木さくら`: a family name in Han, a given name in hiragana that begins with no particle.
fn hiragana_name(text: &str) -> usize {
    let kana: usize =
        text.chars().rev().take(5).take_while(|c| is_hiragana(*c)).map(char::len_utf8).sum();
    let given = text.get(text.len() - kana..).unwrap_or_default();
    let han = han_before(text, kana);
    let particle = given.starts_with([
        'の', 'は', 'が', 'を', 'に', 'へ', 'と', 'で', 'も', 'や', 'な', 'お', 'か', 'だ', 'し',
    ]);
    let word = ["たく", "みな", "おば", "おじ", "ねえ", "にい"].iter().any(|w| given.ends_with(w));
    if han < 3 || particle || word || given.chars().count() > 4 { 0 } else { han + kana }
}

/// `Tanakaさん`, `Jane Doe様`: capitalised words right before.
fn latin_name(text: &str) -> usize {
    let mut length = 0;
    for (count, word) in text.rsplit(' ').take(3).enumerate() {
        let tail: usize = word
            .chars()
            .rev()
            .take(24)
            .take_while(|c| {
                c.is_alphabetic()
                    && !is_han(*c)
                    && !is_hiragana(*c)
                    && !is_katakana(*c)
                    && !is_hangul(*c)
            })
            .map(char::len_utf8)
            .sum();
        let name = word.get(word.len() - tail..).unwrap_or_default();
        let capital = name.chars().next().is_some_and(char::is_uppercase)
            && name.chars().skip(1).any(char::is_lowercase);
        if !capital {
            break;
        }
        length += name.len() + usize::from(count > 0);
        if name.len() < word.len() {
            break;
        }
    }
    length
}

/// Words that stand before a name.
const BEFORE: &[(&str, Words)] = &[
    ("Mr. ", Words::One),
    ("Mr ", Words::One),
    ("Mrs. ", Words::One),
    ("Mrs ", Words::One),
    ("Ms. ", Words::One),
    ("Ms ", Words::One),
    ("Mx. ", Words::One),
    ("Dr. ", Words::One),
    ("Prof. ", Words::One),
    ("Herr ", Words::One),
    ("Frau ", Words::One),
    ("Señor ", Words::One),
    ("Señora ", Words::One),
    ("Sr. ", Words::One),
    ("Sra. ", Words::One),
    ("Monsieur ", Words::One),
    ("Madame ", Words::One),
    ("Mme ", Words::One),
    ("my name is ", Words::One),
    ("My name is ", Words::One),
    ("I'm ", Words::Many),
    ("I am ", Words::Many),
    ("customer ", Words::Many),
    ("Customer ", Words::Many),
    ("patient ", Words::Many),
    ("Patient ", Words::Many),
    ("cardholder ", Words::Many),
    ("me llamo ", Words::One),
    ("Me llamo ", Words::One),
    ("mi nombre es ", Words::One),
    ("Mi nombre es ", Words::One),
    ("je m'appelle ", Words::One),
    ("Je m'appelle ", Words::One),
    ("ich heiße ", Words::One),
    ("Ich heiße ", Words::One),
    ("mein Name ist ", Words::One),
    ("Mein Name ist ", Words::One),
    ("mi chiamo ", Words::One),
    ("Mi chiamo ", Words::One),
    ("меня зовут ", Words::One),
    ("Меня зовут ", Words::One),
    ("г-н ", Words::One),
    ("г-жа ", Words::One),
    ("господин ", Words::One),
    ("госпожа ", Words::One),
    ("Господин ", Words::One),
    ("Госпожа ", Words::One),
    ("السيد ", Words::One),
    ("السيدة ", Words::One),
    ("اسمي ", Words::One),
    ("श्री ", Words::One),
    ("श्रीमती ", Words::One),
    ("मेरा नाम ", Words::One),
    ("我叫", Words::One),
    ("我的名字是", Words::One),
    ("名前は", Words::One),
    ("氏名は", Words::One),
];

/// The name behind a title or an introduction that starts at this place.
pub(crate) fn before_name(place: &Place<'_>) -> Option<Finding> {
    let right = place.right(place.at);
    let (title, least) = BEFORE.iter().find(|(title, _)| begins(right, title))?;
    let inside = place
        .left(place.at)
        .chars()
        .next_back()
        .is_some_and(|c| c.is_alphanumeric() && !is_han(c) && !is_hiragana(c));
    if inside {
        return None;
    }
    let start = place.at + title.len();
    let mut length = reading(place.right(start), *least)?;
    // Scripts without capitals do not show where the name ends: two words are taken.
    let name = place.right(start).get(..length)?;
    if !name.chars().any(|c| c.is_uppercase() || is_han(c) || is_katakana(c) || is_hangul(c)) {
        length = name.match_indices(' ').nth(1).map_or(length, |(at, _)| at);
    }
    Some(Finding::new(start, start + length, Kind::PersonName))
}
