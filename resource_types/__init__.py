"""The resource types for those who do not write Python.

``properties.py`` of the function has the one table of the properties. ``python -m resource_types`` writes from it:

* ``connect-phone-number.json`` and ``connect-phone-number-pool.json``: a schema for each resource type, for generators
  of code and for validators;
* ``typescript/src/properties.ts``: the typed properties of the TypeScript package, and through jsii those for Java,
  .NET and Go;
* the tables of properties in ``docs/cloudformation.md``.

With ``--check`` it writes nothing, and fails if one of them is not what the table says.
"""
