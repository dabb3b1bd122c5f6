"""What people say and what things are called: invented, friendly, and in more scripts than one.

Tuples to pick from, no logic. ``{name}`` in a line is where somebody's name goes. The languages and signs are
those that trouble a careless reader of bytes: Arabic (right to left), Japanese, Turkish (dotless i), emoji
beyond the basic plane, quotes, backslashes, angle brackets.
"""

# ruff: noqa: RUF001 - letters that look like Latin ones are the point.

__all__ = [
    "ADJECTIVES",
    "ANNOUNCEMENTS",
    "BADGE_NAMES",
    "BAN_REASONS",
    "CATEGORIES",
    "CELEBRATIONS",
    "EMOTES",
    "HOST_NOTES",
    "KICKS_NOTES",
    "LINES",
    "LINKS",
    "MENTIONS",
    "NOUNS",
    "POLLS",
    "PREDICTIONS",
    "REPLIES",
    "REWARDS",
    "REWARD_INPUTS",
    "RULES",
    "TITLES",
]

ADJECTIVES = (
    *("Wobbly", "Sleepy", "Turbo", "Polite", "Crunchy", "Velvet", "Cosmic", "Soggy", "Dapper", "Feral"),
    *("Humble", "Sneaky", "Quantum", "Toasty", "Brave", "Dizzy", "Grumpy", "Jolly", "Moonlit", "Pixel"),
    *("Rusty", "Spicy", "Tiny", "Upbeat", "Wandering", "Zesty", "Borrowed", "Clumsy", "Electric", "Foggy"),
)
NOUNS = (
    *("Teapot", "Otter", "Pickle", "Badger", "Waffle", "Lantern", "Turnip", "Walrus", "Kettle", "Noodle"),
    *("Biscuit", "Comet", "Dumpling", "Ferret", "Gecko", "Hammock", "Igloo", "Jellybean", "Kazoo", "Llama"),
    *("Marmalade", "Newt", "Omelette", "Pebble", "Radish", "Sprocket", "Trombone", "Umbrella", "Yak", "Zeppelin"),
)

EMOTES = (
    "[emote:5100217:teapotHype]",
    "[emote:5100218:otterWave]",
    "[emote:4822096:pickleSpin]",
    "[emote:4822101:badgerNod]",
    "[emote:3307745:waffle Cry]",
    "[emote:90412:SLOWCLAP_]",
    "[emote:90418:5Head-ish]",
    "[emote:7718830:yakDance]",
)

LINES = (
    "good evening everyone, I brought snacks",
    "that jump had no right to work",
    "chat is he okay",
    "the otter is the real main character here",
    "I looked away for two seconds and the house is gone",
    "first time here, why is everyone holding a teapot",
    "W stream W chat W snacks",
    "my cat has opinions about this boss fight",
    "can we get a replay of that landing please",
    "it is 3 am and I regret nothing",
    "left or right? the answer is always left",
    "who put the ladder THERE",
    "this is the calmest speedrun I have ever seen",
    "I have a meeting in four minutes, finish the level",
    "hydrate, stretch, then lose again :)",
    "that was 100% planned, obviously",
    "the music in this part is so good",
    "I was told there would be waffles",
    "mods are asleep, post vegetables",
    "why does the walrus have a briefcase",
    "clip it, frame it, hang it above the fireplace",
    "we take those",
    "lag or art? you decide",
    "that npc has seen things",
    "what the **** was that physics engine",
    "holy **** the timing on that",
    "one more run and then bed, I promise for the fifth time",
    'he said "trust me" and fell into the lake \\o/',
    "is 2 < 3 & 3 > 2 a strategy now?",
    "big brain route, small brain execution",
    "greetings from a very rainy train",
    "the turnip economy is about to crash",
    "so close, it was practically a win if you squint a little and ignore the score board",
    "I told my boss this is a webinar about leadership, please say something about leadership",
    "somebody explain the rules of this game to me like I am a very small and very tired badger",
    "watching from the bus with one headphone and a dream, do not let me miss the final round",
    "hello",
    "lol",
    "GG",
    "😂😂😂",
    "🫖🔥",
    "👏🏽👏🏽 that was lovely",
    "👨‍👩‍👧‍👦 whole family is watching, say hi to grandma",
    "مساء الخير يا أصدقاء الشاي",
    "هذه القفزة كانت أجمل لحظة اليوم",
    "من أكل البسكويت؟ اعترفوا 😄",
    "أنا هنا من أجل القندس فقط",
    "الموسيقى رائعة والجو هادئ",
    "今の着地、きれいすぎませんか",
    "お茶を入れてくるので待ってください",
    "カワウソが主役でいいと思います",
    "はじめまして、夜勤のあとに見てます",
    "あと一回だけって言ってから五回目です",
    "çay demlendi, yayına hazırım",
    "bu bölümde kaybolmayan var mı, ışığı açın",
    "köşedeki su samuruna iyi bakın şimdi",
    "İzmir'den sevgiler, yağmur yağıyor",
    "üç dakikada beş düşüş, güzel iş çıkardın",
    "que aterragem tão bonita, parabéns ao pinguim",
    "¿quién dejó la escalera en medio del salón?",
    "c'est la théière la plus courageuse du monde",
    "nový rekord, nebo jen pěkný omyl?",
    "привет всем, у кого чай остыл",
)
MENTIONS = (
    "@{name} you called it",
    "@{name} welcome back, how was the dentist",
    "did anyone else see what @{name} just wrote",
    "@{name} save me a waffle",
    "great minds, @{name}, great minds",
    "@{name} çok haklısın",
    "@{name} お疲れさまです",
)
LINKS = (
    "the full map is at https://example.org/maps/teapot-island?zoom=3",
    "someone drew the otter https://example.com/art/otter-with-hat.png amazing",
    "patch notes: https://example.net/notes/v1.2/#kettles",
)
REPLIES = (
    "exactly this",
    "I would never say that about a walrus",
    "same, and I am not even sorry",
    "you are my favourite stranger today",
    "that explains the noise in my kitchen",
    "no spoilers please, I have only seen two minutes",
    "haklısın, çay bitince anlarız",
    "それは気づきませんでした",
    "صحيح، كنت أفكر في نفس الشيء",
    "😂 frame this",
    "hmm, the ladder disagrees",
    "agreed, motion carried, next topic",
)
CELEBRATIONS = (
    "🥳",
    "another month of excellent decisions",
    "still here, still confused, still happy",
    "bir ay daha, çaylar benden",
    "🫖🫖🫖",
)
ANNOUNCEMENTS = (
    "Raffle #{number} is open: type !tea to take part",
    "@{name} you have {number} crumbs, spend them wisely",
    "Reminder: stretch your shoulders (reminder {number} of today)",
    "The teapot has boiled {number} times this week. Schedule: https://example.org/schedule",
)
BAN_REASONS = ("you tripped over the ladder", "too many turnips")
"""Reasons that a moderator may give."""

TITLES = (
    "🫖 TEAPOT ISLAND day 12 | losing politely | !tea",
    "calm speedruns & loud snacks",
    "otter/badger co-op until somebody cries",
    "今夜はお茶会 | chill",
    "Yağmurlu gece, sıcak çay ☕",
)
CATEGORIES = ("Just Chatting", "Games", "Music", "Cooking & Crafts")
HOST_NOTES = ("bringing friends and biscuits", "please adopt these badgers", "iyi yayınlar 🫖")
KICKS_NOTES = ("for the otter fund", "TAKE MY KETTLE", "للقندس الصغير", "きゅうすの分です", "")
REWARDS = ("Water the plant", "Say it in rhyme", "Hat change", "Name the next walrus")
REWARD_INPUTS = ("Sir Reginald", "purple", "a poem about ladders", "Çaydanlık Bey")
RULES = ("hate", "self_harm", "sexual", "harassment", "is_spam-TRUE")
"""What Kick's filter names as the reason. Source: Seen: wire catalogue section 3 (2025-2026)."""

BADGE_NAMES = ("teapot_club", "MoonPicnic", "otter_parade_26", "first_snow", "GrandKettle")

POLLS = (
    ("Which way at the bridge?", ("left", "right")),
    ("Hangi şapka daha güzel?", ("kırmızı", "yeşil", "üçgen")),
    ("Who gets the last waffle 🧇", ("the otter", "the badger", "the chat", "nobody / science")),
)
PREDICTIONS = (
    ("Will the teapot survive the waterfall?", ("without a doubt", "it is ceramic")),
    ("Boss down before midnight?", ("yes", "lol no")),
    ("次のジャンプは成功する？", ("する", "しない")),
)
