import string
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kick_proto.recording.pseudonyms import CHUNK, DAYS_BACK, RANGES, REMEMBERED, Pseudonyms

KEY = b"sixteen bytes at least"
PSEUDONYMS = Pseudonyms(KEY)
OTHERS = Pseudonyms(b"another key, another name")

names = st.text(string.ascii_letters + string.digits + "_-", min_size=1, max_size=30)
letters = "".join(chr(number) for first, last in RANGES for number in range(ord(first), ord(last) + 1))
words = st.text(letters + string.ascii_uppercase + "_-", min_size=1, max_size=80)


def kind(char: str) -> str:
    return "A" if char.isupper() else "a" if char.isalpha() else "0" if char.isdigit() else char


def shape(word: str) -> str:
    return "".join(map(kind, word))


@given(names)
def test_a_name_keeps_its_length_and_its_kinds_of_letters(name: str) -> None:
    assert shape(PSEUDONYMS.word(name)) == shape(name)


@given(st.text(max_size=40))
def test_any_text_keeps_its_length(text: str) -> None:
    assert len(PSEUDONYMS.word(text)) == len(text)


@given(st.sets(words, min_size=2, max_size=20))
def test_different_words_stay_different(different: set[str]) -> None:
    assert len({PSEUDONYMS.word(word) for word in different}) == len(different)


@pytest.mark.parametrize("digits", [1, 2, 3])
def test_all_ids_of_a_length_are_taken_by_ids_of_that_length(digits: int) -> None:
    ids = range(10 ** (digits - 1), 10**digits)
    assert sorted(map(PSEUDONYMS.number, ids)) == list(ids)


def test_all_words_of_a_length_are_taken_by_words_of_that_length() -> None:
    pairs = [first + second for first in string.ascii_lowercase for second in string.ascii_lowercase]
    assert sorted(map(PSEUDONYMS.word, pairs)) == pairs


@given(st.integers(1, 2**63 - 1))
def test_an_id_is_the_same_as_a_number_and_as_a_text(number: int) -> None:
    assert PSEUDONYMS.word(str(number)) == str(PSEUDONYMS.number(number))
    assert PSEUDONYMS.number(-number) == -PSEUDONYMS.number(number)


def test_no_id_stays_none_and_leading_zeros_stay() -> None:
    assert PSEUDONYMS.number(0) == 0
    assert PSEUDONYMS.word("000") == "000"
    assert PSEUDONYMS.word("0012").startswith("00")


@given(names)
def test_a_name_and_its_slug_stay_a_pair(name: str) -> None:
    assert PSEUDONYMS.word(name.lower().replace("_", "-")) == PSEUDONYMS.word(name).lower().replace("_", "-")


def test_a_uuid_stays_one() -> None:
    uuid = "bcfb69b1-74e8-4802-bf0c-1cc3d470f533"
    mapped = PSEUDONYMS.word(uuid)
    assert (mapped != uuid, [len(part) for part in mapped.split("-")]) == (True, [8, 4, 4, 4, 12])
    assert set(mapped) <= set(string.hexdigits + "-")
    assert PSEUDONYMS.word(uuid.upper()) == mapped.upper()


def test_letters_of_other_scripts_do_not_stay() -> None:
    for word in ("\u0e2a\u0e27\u0e2a\u0e14", "\u0131\u0131", "\u0570\u0561\u0575"):
        assert not set(word) & set(PSEUDONYMS.word(word))


def test_another_key_has_other_pseudonyms() -> None:
    assert PSEUDONYMS.word("electric_llama") == Pseudonyms(KEY).word("electric_llama")
    assert PSEUDONYMS.word("electric_llama") != OTHERS.word("electric_llama")
    assert PSEUDONYMS.number(123_456_789) != OTHERS.number(123_456_789)
    assert PSEUDONYMS.shift != OTHERS.shift


@pytest.mark.parametrize(
    ("word", "pseudonym"),
    [
        pytest.param("Ada_Lovelace", "Xsy_Tolimcxy", id="a name"),
        pytest.param("xX_99_Xx", "lI_35_Js", id="a name with numbers"),
        pytest.param("o'neil", "p'jndl", id="an apostrophe"),
        pytest.param("\u00e9t\u00e9", "\u00e7k\u00e5", id="accents"),
        pytest.param("\u043f\u0440\u0438\u0432", "\u0430\u043e\u0432\u0434", id="Cyrillic"),
        pytest.param("\u4f60\u597d", "\u8634\u56d2", id="Chinese"),
        pytest.param("\U0001f600", "\U0001f64e", id="a face"),
        pytest.param("caf\u00e9\u0570", "bvn\xec\u9e5e", id="Armenian among others"),
        pytest.param("Stra\u00dfe", "Jjtn\u7056t", id="a letter without a capital"),
        pytest.param("bcfb69b1-74e8-4802-bf0c-1cc3d470f533", "08a98337-c2ea-49d0-ec28-3e1e5bb17d6c", id="a UUID"),
        pytest.param("a" * 40, "70d8d73c9e0c1b6853f0b3100e4ba53b90ea428a", id="a hash"),
        pytest.param("z" * 40, "mkctwzejrwcabdtagipkjjiciknzbjapflspucnl", id="a long word"),
        pytest.param("BCFB69B174E84802BF0C1CC3D470F533", "08A98337C2EA49D0EC283E1E5BB17D6C", id="a UUID in capitals"),
        pytest.param("\u03b1", "\u03b7", id="one letter of Greek"),
        pytest.param("\u0130x", "\u65fbi", id="a capital whose small letter is two"),
        pytest.param("\u212a", "\u6591", id="a capital that another letter has too"),
        pytest.param("\u0570\ud800", "\u61b1\ud800", id="half a letter"),
        pytest.param("0012", "0062", id="leading zeros"),
        pytest.param("1" * 19, "1082570494259892496", id="an id of 19 digits"),
        pytest.param("2" * 60, "212209998358976184000756349606287219232648954539112503399857", id="many digits"),
    ],
)
def test_the_pseudonyms_of_a_key_are_the_same_in_every_version_so_that_recordings_fit_together(
    word: str, pseudonym: str
) -> None:
    assert Pseudonyms(KEY).word(word) == pseudonym


@pytest.mark.parametrize(
    ("word", "digest"),
    [
        pytest.param("a" * 2_048, "bccb3184fff9f8af", id="letters of which the shape is not long"),
        pytest.param("a" * 2_049, "7f62fcc23f26c049", id="letters of which it is"),
        pytest.param("\u0570" * 4_096, "5354210ff32fb7a1", id="others that are not hashed first"),
        pytest.param("\u0570" * 4_097, "9cf1ed85fbe8e5d0", id="others that are"),
        pytest.param("\u0570" * 4_096 + "\ud800", "22986ebbdd651692", id="with half a letter"),
        pytest.param("1002" * 10_000, "fdebdf943d47e108", id="digits"),
    ],
)
def test_so_are_those_of_words_as_long_as_nobody_writes_them(word: str, digest: str) -> None:
    pseudonym = Pseudonyms(KEY).word(word)
    assert sha256(pseudonym.encode("utf-8", "surrogatepass")).hexdigest()[:16] == digest
    assert len(pseudonym) == len(word)


def test_so_are_its_numbers_and_the_time_that_it_takes_away() -> None:
    fresh = Pseudonyms(KEY)
    told = [7, 668, -1_234_567, 10**18]
    assert list(map(fresh.number, told)) == [1, 692, -6_987_042, 1_839_682_801_715_883_439]
    assert fresh.shift == -5_447_262


def test_times_are_set_back_by_some_weeks() -> None:
    least, most = DAYS_BACK
    assert all(-most * 86_400 <= each.shift <= -least * 86_400 for each in (PSEUDONYMS, OTHERS))


def test_a_key_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^a key has 16 bytes or more, not 3$"):
        Pseudonyms(b"key")
    assert Pseudonyms(b"k" * 16).word("ada") != "ada"


def test_long_words_are_mapped_whole() -> None:
    long = "abcdefghij" * 500
    mapped = PSEUDONYMS.word(long)
    assert sum(old == new for old, new in zip(long, mapped, strict=True)) < 500
    assert PSEUDONYMS.word(long[:-1] + "k") != mapped
    digits = PSEUDONYMS.word("9" * 40_000)
    assert (len(digits), digits.isdigit(), digits.startswith("9")) == (40_000, True, True)
    assert len(PSEUDONYMS.word("a" * 40_000)) == 40_000


def test_half_of_what_is_mapped_together_fits_into_one_hash() -> None:
    widest = max(ord(last) - ord(first) + 1 for first, last in RANGES)
    assert widest**CHUNK <= 2 ** (2 * 256)
    assert 16**64 <= 2 ** (2 * 256)


def test_words_are_not_remembered_without_end() -> None:
    word: Any = Pseudonyms(KEY).word
    assert word.cache_info().maxsize == REMEMBERED
