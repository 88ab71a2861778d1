"""Which files make the Pi's Bluetooth ready for locks and for nothing else?

BlueZ's main.conf(5); udev(7). Locks are spoken to as a central only: nobody may discover, pair
with or connect to the Pi.
"""

BLUEZ, UDEV = "bluetooth-main.conf", "80-portero.rules"


def bluez(name: str) -> str:
    """The text of /etc/bluetooth/main.conf."""
    return f"""\
# Written by Portero; change its input, not this file.
[General]
Name = {name}
Class = 0x000000
DiscoverableTimeout = 0
AlwaysPairable = false
Pairable = false
FastConnectable = true
Privacy = device
ControllerMode = le
JustWorksRepairing = never

[LE]
# A lock ends an idle connection by itself after some seconds.
MinConnectionInterval=7
MaxConnectionInterval=9
ConnectionLatency=0

[Policy]
AutoEnable = true
"""


def udev() -> str:
    """The rules for /etc/udev/rules.d: no sleep for a Bluetooth stick, a name for the RTC."""
    rules = (
        (
            'ACTION=="add"',
            'SUBSYSTEM=="usb"',
            'ATTR{bDeviceClass}=="e0"',
            'ATTR{bDeviceSubClass}=="01"',
            'TEST=="power/control"',
            'ATTR{power/control}="on"',
        ),
        ('ACTION=="add"', 'SUBSYSTEM=="rtc"', 'KERNEL=="rtc[0-9]*"', 'SYMLINK+="portero-rtc"'),
    )
    return "".join(
        ["# Written by Portero; change its input, not this file.\n"]
        + [", ".join(rule) + "\n" for rule in rules]
    )
