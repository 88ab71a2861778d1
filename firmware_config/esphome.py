"""Which files make an ESP32 a Bluetooth proxy with door contacts?

ESPHome's own documents, at esphome.io/components: bluetooth_proxy, esp32_ble_tracker, gpio.
Keys and passwords are `!secret` names only; `secrets.example.yaml` lists which.
"""

from firmware_config.house import DoorContact, House, Proxy
from firmware_config.yaml import HEADING, Value, secret, text

_ETHERNET: dict[str, dict[str, Value]] = {
    "esp32-poe": {
        "type": "LAN8720",
        "mdc_pin": "GPIO23",
        "mdio_pin": "GPIO18",
        "clk": {"mode": "CLK_OUT", "pin": "GPIO17"},
        "phy_addr": 0,
        "power_pin": "GPIO12",
    },
    "wt32-eth01": {
        "type": "LAN8720",
        "mdc_pin": "GPIO23",
        "mdio_pin": "GPIO18",
        "clk": {"mode": "CLK_EXT_IN", "pin": "GPIO0"},
        "phy_addr": 1,
        "power_pin": "GPIO16",
    },
}
_BOARDS = {"m5stack-atom": "m5stack-atom", "esp32-poe": "esp32-poe", "wt32-eth01": "wt32-eth01"}


def files(house: House) -> dict[str, str]:
    """A file for each proxy, and the list of secrets they want; nothing when there is none."""
    if not house.proxies:
        return {}
    written = {f"{proxy.name}.yaml": _proxy(proxy) for proxy in house.proxies}
    return {**written, "secrets.example.yaml": _wanted(house)}


def _proxy(proxy: Proxy) -> str:
    content: dict[str, Value] = {
        "esphome": {
            "name": proxy.name,
            "friendly_name": f"{proxy.room} Bluetooth proxy",
            "area": proxy.room,
        },
        "esp32": {
            "board": _BOARDS.get(proxy.board, "esp32dev"),
            "framework": {"type": "esp-idf"},
        },
        "logger": {"level": "INFO"},
        "api": {"encryption": {"key": secret(f"{_word(proxy)}_api_key")}},
        "ota": [{"platform": "esphome", "encryption": {}}],  # with the same key
        **_network(proxy),
        "esp32_ble_tracker": {
            # Where Wi-Fi shares the radio, a longer window would starve it.
            "scan_parameters": {"interval": "320ms", "window": "300ms", "active": False},
        },
        "esp32_ble": {"max_connections": proxy.slots},
        "bluetooth_proxy": {"active": True, "connection_slots": proxy.slots},
    }
    if proxy.contacts:
        content["binary_sensor"] = [_contact(each) for each in proxy.contacts]
    return text(content)


def _network(proxy: Proxy) -> dict[str, Value]:
    if proxy.is_wired:
        return {"ethernet": _ETHERNET[proxy.board]}
    wifi: dict[str, Value] = {
        "ssid": secret("wifi_ssid"),
        "password": secret("wifi_password"),
        "domain": ".local",
        "power_save_mode": "none",
        "reboot_timeout": "15min",
    }
    return {"wifi": wifi}


def _contact(contact: DoorContact) -> dict[str, Value]:
    return {
        "platform": "gpio",
        "name": contact.name,
        "device_class": "door",
        "pin": {"number": f"GPIO{contact.pin}", "mode": {"input": True, "pullup": True}},
        "filters": [{"delayed_on_off": "50ms"}],
    }


def _wanted(house: House) -> str:
    lines = [HEADING.rstrip(), "# Copy to secrets.yaml and fill in; never commit that file."]
    if not all(proxy.is_wired for proxy in house.proxies):
        lines += ['wifi_ssid: ""', 'wifi_password: ""']
    for proxy in house.proxies:
        lines += [
            "# openssl rand -base64 32",
            f'{_word(proxy)}_api_key: ""',
        ]
    return "\n".join(lines) + "\n"


def _word(proxy: Proxy) -> str:
    return proxy.name.replace("-", "_")
