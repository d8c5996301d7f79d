# Reduces three files of cldr-core to what `cargo xtask aliases` needs. Regions stand for themselves or, if they have three digits, for the regions in them.
{
  # Countries and regions in a region.
  contains: ($containment[0].supplemental.territoryContainment
    | with_entries(select(.key | test("^([0-9]{3}|EU)$")) | .value |= ._contains)),
  # Today's legal tender, the preferred one first.
  currencies: ($currencies[0].supplemental.currencyData.region
    | map_values([.[] | to_entries[] | select((.value | has("_to") or ._tender == "false") | not) | .key])
    | map_values(select(length > 0))),
  # Official languages, those of most people first.
  languages: ($territories[0].supplemental.territoryInfo
    | map_values([.languagePopulation // {} | to_entries[] | select(.value._officialStatus | IN("official", "de_facto_official"))]
      | sort_by(-(.value._populationPercent | tonumber)) | map(.key))
    | map_values(select(length > 0)))
}
