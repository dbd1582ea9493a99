"""Words that mailers of many languages put into the lines around quotes. Data, and no code."""

# ruff: noqa: RUF001 - letters of other alphabets are meant here

from __future__ import annotations

import re

WROTE = re.compile(
    r"\b(?:wrote|writes|write|said|says|schrieb(?:en)?|a écrit|écrit|escribió|escreveu|ha scritto|scrisse|skrev|schreef"
    r"|kirjoitti|napsal\(?a?\)?|napisał\(?a?\)?|pisze|a scris|írta|yazdı|написала?|написал\(а\)|писала?|пишет)"
    r"(?!\w)|写道|寫道|写到|さんは書きました|님이 작성",
    re.IGNORECASE,
)

_JOINTS = """
    on at in am um à le la a o de da del las a.m p.m uhr el il em alle ore den kl klo op om the of via dne dnia w v
    dniu und and message article id mailto from by gmt utc pm von van der die et godz г в на
"""
_CALENDAR = """
    mon tue wed thu fri sat sun monday tuesday wednesday thursday friday saturday sunday
    jan feb mar apr may jun jul aug sep sept oct nov dec
    january february march april june july august september october november december
    mo di mi do fr sa so montag dienstag mittwoch donnerstag freitag samstag sonntag
    mär märz mai okt dez januar februar juni juli oktober dezember
    lun jeu ven mer sam dim janv févr avr juin juil août déc
    janvier février mars avril juillet septembre octobre novembre décembre
    ene abr ago dic mié jue vie sáb dom fre lör sön tis ons tors
"""

JOINTS = frozenset(_JOINTS.split())
CALENDAR = frozenset(_CALENDAR.split())
PARTICLES = frozenset(("van", "von", "de", "der", "den", "da", "di", "la", "le", "bin", "al", "ten", "ter", "via"))

# The fields that Outlook and others write above a mail that they quote without marks, by what they stand for.
FIELDS = {
    "from": ("From", "Von", "De", "Da", "Fra", "Från", "Van", "Lähettäjä", "Od", "От", "发件人", "寄件者", "差出人"),
    "sent": (
        *("Sent", "Date", "Gesendet", "Datum", "Envoyé", "Inviato", "Data", "Enviado", "Enviado el", "Fecha", "Sendt"),
        *("Skickat", "Verzonden", "Lähetetty", "Wysłane", "Отправлено", "Дата", "发送时间", "日期", "送信日時"),
    ),
    "to": ("To", "An", "À", "A", "Para", "Til", "Till", "Aan", "Do", "Кому", "收件人", "宛先"),
    "cc": ("Cc", "CC", "Bcc", "Kopie", "Kopi", "Reply-To", "Importance", "Message-ID", "Копия", "抄送"),
    "subject": (
        *("Subject", "Betreff", "Objet", "Oggetto", "Asunto", "Assunto", "Emne", "Ämne", "Onderwerp", "Aihe"),
        *("Temat", "Тема", "主题", "主旨", "件名"),
    ),
}
ORIGINAL = re.compile(
    r"-{2,}\s*(?:Original Message|Original Appointment|Forwarded [Mm]essage(?: from .{1,80})?|Ursprüngliche Nachricht"
    r"|Weitergeleitete Nachricht|Message d'origine|Mensaje original|Messaggio originale|Mensagem original"
    r"|Oorspronkelijk bericht|Ursprungligt meddelande|Original besked|Wiadomość oryginalna|Исходное сообщение"
    r"|邮件原件|原始邮件|回复的原邮件)\s*-{2,}"
)
