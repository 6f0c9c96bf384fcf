"""Plain words for what Sentry itself notices: jobs, outages, clicks, slow pages, feedback."""

from apps.events.rule import Example, Rule, Where

MONITORS = (
    Rule(
        "The customer wrote to us about a problem.",
        Where.APP,
        Example("User Feedback: My card was declined and the page is slow", "javascript"),
        says=r"^user feedback\b",
    ),
    Rule(
        "The customer clicked again and again, but nothing came of it.",
        Where.BROWSER,
        Example("Rage Click", "javascript"),
        says=r"^rage.click",
    ),
    Rule(
        "The customer clicked, and nothing happened.",
        Where.BROWSER,
        Example("Dead Click", "javascript"),
        says=r"^(?:dead|slow).click",
    ),
    Rule(
        "A scheduled job did not start.",
        Where.SERVER,
        Example("Cron failure: nightly", "other", message="A missed check-in was detected."),
        says=r"missed check-?in",
    ),
    Rule(
        "A scheduled job did not finish in time.",
        Where.SERVER,
        Example("Cron failure: nightly", "other", message="A timeout check-in was detected."),
        says=r"time-?out check-?in|check-?in.{0,20}(?:timed out|exceeded)"
        r"|exceeded max.{0,4}runtime",
    ),
    Rule(
        "A scheduled job failed.",
        Where.SERVER,
        Example("Cron failure: nightly", "other", message="An error check-in was detected."),
        says=r"^cron (?:failure|monitor)|error check-?in|monitor failure",
        vague=True,
    ),
    Rule(
        "One of our pages could not be reached from outside.",
        Where.SERVER,
        Example("Downtime detected for https://shop.example", "other"),
        says=r"^downtime detected|^uptime (?:check|monitor)",
    ),
    Rule(
        "The page was slow because our server asked its data store for things one by one.",
        Where.SERVER,
        Example("N+1 Query"),
        says=r"^m?n\+1 (?:db )?quer",
    ),
    Rule(
        "The page was slow because it asked our server for things one by one.",
        Where.BROWSER,
        Example("N+1 API Call", "javascript"),
        says=r"^n\+1 api call",
    ),
    Rule(
        "The page was slow because our data store took too long to answer.",
        Where.SERVER,
        Example("Slow DB Query"),
        says=r"^slow (?:db|database) (?:query|span)|^slow query|slow query.{0,20}\d",
    ),
    Rule(
        "The page was slow because our server had to wait for its data store too often.",
        Where.SERVER,
        Example("Consecutive DB Queries"),
        says=r"^consecutive db",
    ),
    Rule(
        "The page was slow because it had to wait for one answer after another.",
        Where.APP,
        Example("Consecutive HTTP", "javascript"),
        says=r"^consecutive http",
    ),
    Rule(
        "The page was slow because too much was sent at once.",
        Where.APP,
        Example("Large HTTP payload", "javascript"),
        says=r"^large http payload",
    ),
    Rule(
        "The page was slow to show because a large part had to load first.",
        Where.BROWSER,
        Example("Large Render Blocking Asset", "javascript"),
        says=r"^large render.blocking|^slow resource|^render.blocking asset",
    ),
    Rule(
        "The page was slow because its parts were sent in an old way.",
        Where.SERVER,
        Example("HTTP/1.1 Overhead", "javascript"),
        says=r"^http/1\.1 overhead",
    ),
    Rule(
        "The page was slow because its files were sent larger than they need to be.",
        Where.SERVER,
        Example("Uncompressed Asset", "javascript"),
        says=r"^uncompressed asset",
    ),
    Rule(
        "The app was not smooth because it was too busy to draw in time.",
        Where.DEVICE,
        Example("File IO on Main Thread", "android"),
        says=r"^(?:file io|db|database|image decod\w{1,3}|json decod\w{1,3}|regex).{0,12}on main"
        r"|^frame drop|^frozen frame",
    ),
    Rule(
        "Our server has become slower than it was.",
        Where.SERVER,
        Example("Endpoint Regression"),
        says=r"^(?:endpoint|function|transaction|duration).{0,12}regress",
    ),
    Rule(
        "The page was slow to show up or react.",
        Where.BROWSER,
        Example("Web Vital: LCP score needs improvement", "javascript"),
        says=r"^(?:web vitals?|lcp|inp|cls|fcp|ttfb)\b",
    ),
    Rule(
        "One of our checks found a weak spot in the program.",
        Where.SERVER,
        Example("Query Injection Vulnerability"),
        says=r"injection vulnerab|security vulnerab",
    ),
)
