"""What the e-wallet says, in its three languages, and how it writes money and times.

The operator's own sentences come in the reader's language from its API.
"""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

LANGUAGES: Final = {"en": "English", "zh-Hans": "简体中文", "id": "Bahasa Indonesia"}
WHOLE: Final = frozenset({"IDR"})
"""Currencies that are shown without their minor units."""

_SAID: Final = {
    "balance": ("Your balance", "我的余额", "Saldo Anda"),
    "services": ("Services", "服务", "Layanan"),
    "data_card": ("Data card", "流量卡", "Kartu data"),
    "history": ("History", "记录", "Riwayat"),
    "power": ("Electricity", "电费", "Listrik"),
    "water": ("Water", "水费", "Air"),
    "train": ("Train", "火车票", "Kereta"),
    "soon": ("not in this demo", "演示中未提供", "tidak ada di demo ini"),
    "number": (
        "Card number or phone number",
        "卡号或手机号",
        "Nomor kartu atau nomor telepon",
    ),
    "hint": (
        "On the card: 18 to 20 digits. A phone number begins with +.",
        "卡面上的 18 至 20 位数字。手机号以 + 开头。",
        "Di kartu: 18 sampai 20 angka. Nomor telepon diawali +.",
    ),
    "go_on": ("Show plans", "查看套餐", "Lihat paket"),
    "plans": ("Choose a plan", "选择套餐", "Pilih paket"),
    "until": ("Valid until", "有效期至", "Berlaku sampai"),
    "no_plans": (
        "No plan can be bought for this card now.",
        "此卡目前没有可购买的套餐。",
        "Saat ini tidak ada paket untuk kartu ini.",
    ),
    "confirm": ("Check and pay", "确认并支付", "Periksa dan bayar"),
    "card": ("Card", "卡", "Kartu"),
    "plan": ("Plan", "套餐", "Paket"),
    "total": ("Total", "合计", "Total"),
    "pay": ("Pay %s", "支付 %s", "Bayar %s"),
    "short": (
        "Your balance is too low. Nothing was taken.",
        "余额不足。没有扣款。",
        "Saldo tidak cukup. Tidak ada dana yang diambil.",
    ),
    "checking": ("We are checking", "正在核实", "Sedang kami periksa"),
    "checking_why": (
        (
            "The answer has not arrived. Do not pay again: this page looks by itself, and your"
            " money comes back if it was not carried out."
        ),
        "尚未收到结果。请勿重复支付：本页会自动查询，若未办理成功，款项会退回。",
        (
            "Jawaban belum datang. Jangan bayar lagi: halaman ini memeriksa sendiri, dan uang"
            " kembali jika tidak dilaksanakan."
        ),
    ),
    "paid": ("Paid, being delivered", "已支付，正在开通", "Dibayar, sedang diaktifkan"),
    "renewed": ("Renewed", "已续期", "Sudah diperpanjang"),
    "refused": ("Not renewed", "未续期", "Tidak diperpanjang"),
    "money_back": (
        "Your money is on your balance again.",
        "款项已退回余额。",
        "Uang sudah kembali ke saldo Anda.",
    ),
    "returned": ("Taken back", "已撤销", "Dibatalkan"),
    "again": ("See the new price", "查看新价格", "Lihat harga baru"),
    "receipt": ("Receipt", "收据", "Struk"),
    "verify": ("Check this receipt", "核验此收据", "Periksa struk ini"),
    "undo": ("I bought this by mistake", "我买错了", "Saya salah beli"),
    "home": ("Home", "首页", "Beranda"),
    "nothing": ("Nothing yet.", "暂无记录。", "Belum ada."),
    "down": (
        "The operator does not answer now. Nothing was taken; try again soon.",
        "运营商暂时没有响应。没有扣款，请稍后再试。",
        "Operator belum menjawab. Tidak ada dana yang diambil; coba lagi nanti.",
    ),
    "lost": ("There is nothing here.", "这里没有内容。", "Tidak ada apa-apa di sini."),
    "demo": (
        "A made-up e-wallet, to show the partner API.",
        "虚构的钱包，用于演示合作伙伴接口。",
        "Dompet rekaan, untuk memperagakan API mitra.",
    ),
}


def say(key: str, language: str) -> str:
    """Say one of the e-wallet's own sentences."""
    return _SAID[key][list(LANGUAGES).index(language)]


def money(amount: int, currency: str) -> str:
    """Write an amount of minor units; no fraction is ever computed with."""
    major, minor = divmod(amount, 100)
    return f"{currency} {major:,}" if currency in WHOLE else f"{currency} {major:,}.{minor:02}"


def moment(text: str, zone: str, language: str) -> str:
    """Write an instant as the card's zone has it, with the zone."""
    at = datetime.fromisoformat(text).astimezone(ZoneInfo(zone))
    clock = f"{at:%H.%M}" if language == "id" else f"{at:%H:%M}"
    if language == "zh-Hans":
        return f"{at.year}年{at.month}月{at.day}日 {clock}（{zone}）"
    return f"{at.day} {_MONTHS[language][at.month - 1]} {at.year}, {clock} ({zone})"


_MONTHS: Final = {
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "id": ["Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"],
}
