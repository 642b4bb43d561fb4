"""The original's twelve demo scenarios, three a business type, as a web form would send them."""

from typing import Any, Final

SCENARIOS: Final[tuple[dict[str, Any], ...]] = (
    {
        "id": "demo-brake-emergency",
        "business_type": "automotive",
        "contact": {
            "name": "Sarah Johnson",
            "email": "sarah.johnson@example.com",
            "phone": "+1 415 555 0123",
        },
        "message": "My 2019 Honda Civic's brakes are making a loud grinding noise and the pedal goes almost"
        " to the floor. I need this looked at today, it doesn't feel safe to drive!",
    },
    {
        "id": "demo-oil-change",
        "business_type": "automotive",
        "contact": {"name": "Mike Chen", "email": "mchen@example.com", "phone": "415-555-0188"},
        "message": "Hi, I'd like to schedule an oil change for my 2021 Toyota Camry next Tuesday morning if"
        " possible. Also, how much do you charge for synthetic?",
    },
    {
        "id": "demo-check-engine",
        "business_type": "automotive",
        "contact": {"name": "Linda Torres", "phone": "(415) 555-0142"},
        "message": "Check engine light came on yesterday in my 2015 Ford F-150, about 92,000 miles. It runs"
        " fine but I'm worried. Can you diagnose it this week?",
    },
    {
        "id": "demo-botox-consultation",
        "business_type": "medspa",
        "contact": {"name": "Jennifer Walsh", "email": "jwalsh@example.com"},
        "message": "I'm interested in Botox for my forehead lines. It would be my first time, do you offer"
        " consultations before treatment? Evenings work best for me.",
    },
    {
        "id": "demo-wedding-package",
        "business_type": "medspa",
        "contact": {"name": "Amanda Ruiz", "email": "amanda.ruiz@example.com", "phone": "+1 628 555 0111"},
        "message": "I'm getting married on June 14 and want my skin to look amazing. Do you have bridal"
        " packages with facials and microneedling? My budget is around $1,500.",
    },
    {
        "id": "demo-laser-question",
        "business_type": "medspa",
        "contact": {"name": "Priya Patel", "email": "priya.p@example.com"},
        "message": "How many sessions of laser hair removal are needed for underarms, and does it work on"
        " darker skin tones?",
    },
    {
        "id": "demo-digital-transformation",
        "business_type": "consulting",
        "contact": {
            "name": "Robert Klein",
            "email": "rklein@northwind.example",
            "phone": "+1 312 555 0199",
            "company": "Northwind Logistics",
        },
        "message": "We're a 250-person logistics company looking for help with a digital transformation:"
        " paper dispatch to a modern platform. Budget $150k to $200k, start in Q1. I'm the COO and would like"
        " a proposal.",
    },
    {
        "id": "demo-startup-strategy",
        "business_type": "consulting",
        "contact": {"name": "Dana Osei", "email": "dana@brightleaf.example", "company": "Brightleaf"},
        "message": "Early-stage startup in fintech, 8 people. We need a go-to-market strategy before our seed"
        " round closes next month. Could we set up a strategy session?",
    },
    {
        "id": "demo-process-optimisation",
        "business_type": "consulting",
        "contact": {"name": "Helen Park", "email": "hpark@meridian.example", "company": "Meridian Clinics"},
        "message": "Our intake process takes 40 minutes per patient and staff are burning out. Do you do"
        " process optimization for healthcare operations?",
    },
    {
        "id": "demo-service-inquiry",
        "business_type": "general",
        "contact": {"name": "Tom Becker", "email": "tom.becker@example.com"},
        "message": "Hello, do you service the Oakland area? I'd like to know what you offer and your opening"
        " hours.",
    },
    {
        "id": "demo-urgent-support",
        "business_type": "general",
        "contact": {"name": "Grace Lee", "email": "grace.lee@example.com", "phone": "+1 510 555 0177"},
        "message": "URGENT: the unit you installed last week is leaking water all over our floor, please send"
        " someone right away!",
    },
    {
        "id": "demo-general-question",
        "business_type": "general",
        "contact": {"name": "Paul", "email": "paul@example.com"},
        "message": "Hi, just wondering if you sell gift cards?",
    },
)
