"""What is answered when a house is set up."""

ANSWERS = {
    "name": "Mira Aydın",
    "email": "Mira@Kessler-Ohm.example ",
    "password": "nine months of stock",
    "company_name": "Kessler Ohm GmbH",
    "postal_address": "Speicherstraße 14\n20457 Hamburg",
    "timezone": "Europe/Berlin",
    "sender_name": "Mira from Kessler Ohm",
    "sender_email": "mira@kessler-ohm.example",
}
