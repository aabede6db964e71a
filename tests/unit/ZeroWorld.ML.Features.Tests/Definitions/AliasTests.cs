namespace ZeroWorld.ML.Features.Tests;

public sealed class AliasTests
{
    private const string Valid = """
        version: 1
        entities:
          - { name: account, keys: [{ name: account_id, type: int64 }, { name: bank, type: string }] }
          - { name: shop, keys: [{ name: shop_id, type: string }] }
        feature_views:
          - { name: balances, entity: account, source: { table: t, event_time: at }, features: [{ name: amount, type: float64 }, { name: note, type: string }] }
          - { name: shops, entity: shop, source: { table: t, event_time: at }, features: [{ name: size, type: int64 }] }
        feature_services:
          - name: transfer
            aliases:
              - { name: sender, entity: account, keys: { account_id: sender_id } }
              - { name: receiver, entity: account }
            transforms: [{ name: gap, type: float64, expression: sender_amount - receiver_amount }]
            features: [sender.balances.*, receiver.balances.amount, balances.amount, shops.size, gap]
        """;

    [Fact]
    public void Load_Aliases_GiveColumnsAndKeysOfTheirOwn()
    {
        var service = Load(Valid).GetService("transfer");
        var plan = new FeatureServicePlan(service, static _ => true);

        Assert.Equal(["sender_amount", "sender_note", "receiver_amount", "amount", "size", "gap"], service.Columns.Select(static column => column.Name));
        Assert.Equal(
            ["sender_id", "sender_bank", "receiver_account_id", "receiver_bank", "account_id", "bank", "shop_id"],
            plan.Entities.SelectMany(static entity => entity.Keys).Select(static key => key.Name));
        Assert.Equal(4, plan.Views.Count);

        // What is stored is the same account's row: one field for all three.
        Assert.Single(plan.Views.Where(static view => view.View.Name == "balances").Select(static view => (view.Field.Name, view.Field.Fingerprint)).Distinct());
        Assert.Equal(StorageField.Of(Load(Valid).GetView("balances"), true).Name, plan.Views[0].Field.Name);
    }

    [Fact]
    public void Load_ServiceWithoutAliases_KeepsItsFingerprint()
    {
        var without = Valid.Replace("sender.balances.*, receiver.balances.amount, ", "", StringComparison.Ordinal).Replace("sender_amount - receiver_amount", "amount - amount", StringComparison.Ordinal);
        var start = without.IndexOf("    aliases:", StringComparison.Ordinal);
        var removed = without.Remove(start, without.IndexOf("    transforms:", StringComparison.Ordinal) - start);

        Assert.Equal(Load(removed).GetService("transfer").Fingerprint, Load(without).GetService("transfer").Fingerprint);
        Assert.NotEqual(
            Load(Valid).GetService("transfer").Fingerprint,
            Load(Valid.Replace("account_id: sender_id", "account_id: from_id", StringComparison.Ordinal)).GetService("transfer").Fingerprint);
    }

    [Theory]
    [InlineData("entity: account, keys: { account_id: sender_id }", "entity: acount", "there is no entity 'acount'; expected one of: account, shop")]
    [InlineData("account_id: sender_id", "id: sender_id", "entity 'account' has no key 'id'; expected one of: account_id, bank")]
    [InlineData("account_id: sender_id", "account_id: time", "'time' is no name for a key")]
    [InlineData("account_id: sender_id", "account_id: shop_id", "key 'shop_id' of alias 'sender' is int64, but string elsewhere; expected one type for one name")]
    [InlineData("name: receiver", "name: sender", "'sender' is an alias or a feature view already; expected another name")]
    [InlineData("receiver.balances.amount", "reciever.balances.amount", "there is no alias 'reciever' in this service; expected one of: receiver, sender")]
    [InlineData("receiver.balances.amount", "receiver.shops.size", "alias 'receiver' is of entity 'account', but feature view 'shops' is of entity 'shop'")]
    public void Load_WrongAlias_SaysWhatWasExpected(string before, string after, string expected)
    {
        var exception = Assert.Throws<FeatureException>(() => Load(Valid.Replace(before, after, StringComparison.Ordinal)));

        Assert.Equal(FeatureError.InvalidDefinition, exception.Error);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ min: 0, max: 5 }", null)]
    [InlineData("{ max: 5.5 }", null)]
    [InlineData("{ min: 6, max: 5 }", "'min' of bounds is greater than 'max'")]
    [InlineData("{}", "'bounds' holds neither 'min' nor 'max'")]
    [InlineData("{ min: low }", "'min' of bounds is 'low'; expected a float64 number")]
    public void Load_Bounds_AreReadOrRefused(string bounds, string? expected)
    {
        var text = Valid.Replace("{ name: amount, type: float64 }", $"{{ name: amount, type: float64, bounds: {bounds} }}", StringComparison.Ordinal);

        var exception = Record.Exception(() => Assert.NotNull(Load(text).GetView("balances").Fields[0].Bounds));

        Assert.Equal(expected is null, exception is null);
        Assert.Contains(expected ?? "", exception?.Message ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void Load_PushSource_IsPartOfTheFingerprintOnlyWhereItIsTrue()
    {
        var table = Load(Valid).GetView("balances");
        var pushed = Load(Valid.Replace("entity: account, source: { table: t,", "entity: account, source: { table: t, push: true,", StringComparison.Ordinal)).GetView("balances");
        var denied = Load(Valid.Replace("entity: account, source: { table: t,", "entity: account, source: { table: t, push: false,", StringComparison.Ordinal)).GetView("balances");

        Assert.True(pushed.Source.IsPushOnly);
        Assert.NotEqual(DefinitionFingerprint.Of(table), DefinitionFingerprint.Of(pushed));
        Assert.Equal(DefinitionFingerprint.Of(table), DefinitionFingerprint.Of(denied));
        Assert.Equal(StorageField.Of(table, true).Name, StorageField.Of(pushed, true).Name);
    }

    private static DefinitionSet Load(string text) => DefinitionLoader.Load([new DefinitionFile("alias.yaml", text)]);
}
