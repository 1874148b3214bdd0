//! User-Agent client hints (wicg.github.io/ua-client-hints): what Chromium says beside its frozen User-Agent.

/// The hints of a request, as sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hints<'a> {
    brands: &'a str,
    full_versions: &'a str,
    model: &'a str,
    pub(super) mobile: &'a str,
    platform: &'a str,
    platform_version: &'a str,
}

impl<'a> Hints<'a> {
    pub(super) fn of(headers: &'a [(String, String)]) -> Self {
        let mut hints = Self::default();
        for (name, value) in headers {
            match name.as_str() {
                "sec-ch-ua" => hints.brands = value,
                "sec-ch-ua-full-version-list" => hints.full_versions = value,
                "sec-ch-ua-model" => hints.model = value,
                "sec-ch-ua-mobile" => hints.mobile = value,
                "sec-ch-ua-platform" => hints.platform = value,
                "sec-ch-ua-platform-version" => hints.platform_version = value,
                _ => {}
            }
        }
        hints
    }

    /// All of them, for a key.
    pub(super) fn parts(&self) -> [&'a str; 6] {
        [
            self.brands,
            self.full_versions,
            self.model,
            self.mobile,
            self.platform,
            self.platform_version,
        ]
    }

    /// The device's model.
    pub(super) fn model(&self) -> Option<&'a str> {
        plain(self.model)
    }

    /// The operating system, by our names.
    pub(super) fn platform(&self) -> Option<&'a str> {
        let name = plain(self.platform)?;
        match name {
            "Chromium OS" => Some("Chrome OS"),
            "Unknown" => None,
            _ => Some(name),
        }
    }

    /// Version of the operating system: Windows by its marketing number, others without the zeros at the end.
    pub(super) fn platform_version(&self) -> Option<String> {
        let version = plain(self.platform_version)?;
        if self.platform() == Some("Windows") {
            // learn.microsoft.com/microsoft-edge/web-platform/how-to-detect-win11
            return match version.split('.').next()?.parse::<u32>().ok()? {
                0 => None,
                1..=12 => Some("10".to_owned()),
                _ => Some("11".to_owned()),
            };
        }
        let mut version = version;
        while let Some(shorter) = version.strip_suffix(".0") {
            version = shorter;
        }
        Some(version.to_owned())
    }

    /// A browser that hides behind Chrome's User-Agent, as Brave does.
    pub(super) fn other_brand(&self) -> Option<&'a str> {
        let known = [
            "Chromium",
            "Google Chrome",
            "HeadlessChrome",
            "Microsoft Edge",
            "Android WebView",
            "Opera",
        ];
        // Chromium sends one brand that is none, so that nobody relies on the list: `Not:A-Brand`, `Not/A)Brand`.
        let is_none = |brand: &str| brand.trim_start().starts_with("Not") || brand.contains(';');
        self.brands()
            .map(|(brand, _)| brand)
            .find(|brand| !known.contains(brand) && !is_none(brand) && is_plain(brand))
    }

    /// The full version of a brand.
    pub(super) fn full_version(&self, brand: &str) -> Option<&'a str> {
        entries(self.full_versions)
            .find(|(name, _)| *name == brand)
            .map(|(_, version)| version)
            .filter(|version| is_plain(version))
    }

    fn brands(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        entries(self.brands)
    }
}

/// `"Chromium";v="156", "Not:A-Brand";v="8"` (a structured header, RFC 8941): brands and versions.
fn entries(list: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut quoted = list.split('"').skip(1).step_by(2);
    std::iter::from_fn(move || Some((quoted.next()?, quoted.next()?)))
}

/// A quoted value, if it is harmless: clients send what they like, and it becomes a facet.
fn plain(value: &str) -> Option<&str> {
    Some(value.trim().trim_matches('"')).filter(|value| is_plain(value))
}

fn is_plain(value: &str) -> bool {
    let is_plain =
        |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_' | '(' | ')' | '+' | '/');
    !value.is_empty() && value.len() <= 64 && value.chars().all(is_plain)
}
