namespace ZeroWorld.ML.Features;

/// <summary>Reads one entry of <c>entities</c>.</summary>
internal static class EntityReader
{
    private const int KeysMax = 16;
    private const string KeyTypes = "bool, int64, string, bytes, timestamp";

    public static Entity? Read(YamlNode node, DefinitionErrors errors)
    {
        var before = errors.Count;
        if (YamlObject.Of(node, "an entity", errors, "name", "keys", "description", "owner", "tags") is not { } entity)
        {
            return null;
        }

        var name = entity.Name("name");
        var keys = new List<EntityKey>();
        foreach (var item in entity.List("keys", "a list of one or more keys, each with name and type", isRequired: true))
        {
            if (YamlObject.Of(item, "a key", errors, "name", "type", "description", "owner", "tags") is not { } key)
            {
                continue;
            }

            var keyDetails = key.Details();
            var (keyName, keyType) = (key.Name("name"), key.Type("type", KeyTypes));
            if (keyName is null || keyType is not { } type)
            {
                continue;
            }

            if (type is not (FeatureType.Bool or FeatureType.Int64 or FeatureType.String or FeatureType.Bytes or FeatureType.Timestamp))
            {
                key.Fail("type", $"'type' of a key is {FeatureTypeNames.Of(type)}; expected one of: {KeyTypes}");
            }
            else if (keys.Exists(other => other.Name == keyName))
            {
                key.Fail("name", $"key '{keyName}' is defined twice; expected each key once");
            }
            else if (keyName == FeatureService.TimeValue)
            {
                key.Fail("name", "a key is named 'time'; expected another name: 'time' is the moment of the read");
            }
            else
            {
                keys.Add(new EntityKey(keyName, type) { Details = keyDetails });
            }
        }

        if (keys.Count > KeysMax)
        {
            entity.Fail("keys", $"the entity has {keys.Count} keys; expected at most {KeysMax}");
        }

        var details = entity.Details();
        return errors.Count == before ? new Entity { Name = name!, Keys = keys, Details = details } : null;
    }
}
